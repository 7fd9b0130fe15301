"""An extraction that is killed at its busiest: whole files stay, and the next run goes on."""

import signal
import subprocess
import sys
from contextlib import closing

import pytest

from imaging.cohort import (
    CohortFolder,
    Extraction,
    decide_batch,
    publish,
    retrieve_patient,
)
from imaging.dicom import FolderArchive
from imaging.phantoms import Cohort, PhantomSize
from tests.imaging.cohort.fakes import FILES_ONLY

# SIGKILL to itself at the n-th file: once it has its name, before or after its line in the receipt.
SCRIPT = """
import os, signal, sys
from pathlib import Path
from imaging.cohort.receipt import Receipt
from tests.imaging.cohort.test_killed import extract

add, seen = Receipt.add, []

def add_or_die(receipt, row, file):
    seen.append(file)
    last = len(seen) == int(sys.argv[3])
    if last and sys.argv[4] == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    add(receipt, row, file)
    if last:
        os.kill(os.getpid(), signal.SIGKILL)

Receipt.add = add_or_die
extract(Path(sys.argv[1]), Path(sys.argv[2]), "killed")
"""


def extract(folder, target, run_id):
    run = Extraction(CohortFolder(target), FILES_ONLY, run_id, b"key")
    with closing(FolderArchive(folder)) as archive:
        ids = archive.patient_ids()
        for notes in decide_batch(archive, ids, run):
            retrieve_patient(archive, notes, run.cohort)
    return publish(ids, run).table


@pytest.mark.parametrize(
    ("at_file", "receipt_line"), [(1, "before"), (27, "after"), (60, "before")]
)
def test_a_killed_run_leaves_whole_files_and_the_next_fetches_the_rest(
    tmp_path, at_file, receipt_line
):
    cohort = Cohort(seed=5, size=PhantomSize.tiny())
    for _ in range(3):
        cohort.add()
    sources = {path.stem: path.read_bytes() for path in cohort.write(tmp_path / "archive")}
    target = tmp_path / "cohort"

    def on_disk():
        return {path.stem: path for path in (target / "patients").rglob("*.dcm")}

    arguments = [tmp_path / "archive", target, str(at_file), receipt_line]
    ended = subprocess.run([sys.executable, "-c", SCRIPT, *arguments], check=False)
    assert ended.returncode == -signal.SIGKILL
    survived = on_disk()
    assert len(survived) == at_file
    assert all(path.read_bytes() == sources[uid] for uid, path in survived.items())

    table = extract(tmp_path / "archive", target, "next")

    assert set(table["outcome"]) == {"PROCEED"}
    assert {uid: path.read_bytes() for uid, path in on_disk().items()} == sources
    # A file without its line in the receipt is fetched once more; nothing else is.
    again = 1 if receipt_line == "before" else 0
    assert table["fetched"].sum() == len(sources) - at_file + again
