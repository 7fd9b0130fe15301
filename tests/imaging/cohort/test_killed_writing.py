"""An extraction that is killed while it writes images: whole files or none, and the same end."""

import gzip
import signal
import subprocess
import sys
from contextlib import closing

import pytest

from imaging.cohort import (
    CohortFolder,
    CohortSpecification,
    Extraction,
    decide_batch,
    prepare_group,
    publish,
    retrieve_group,
)
from imaging.dicom import FolderArchive
from imaging.phantoms import Cohort, PhantomSize

# SIGKILL to itself at the n-th output: before or after it gets its name.
SCRIPT = """
import os, signal, sys
from pathlib import Path
from tests.imaging.cohort.test_killed_writing import extract

OURS = (".nii.gz", "rois.json", "rois.png", "labels.tsv", "products.json")
replace, seen = Path.replace, []

def replace_or_die(path, target):
    if not str(target).endswith(OURS):
        return replace(path, target)
    seen.append(target)
    last = len(seen) == int(sys.argv[3])
    if last and sys.argv[4] == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    replace(path, target)
    if last:
        os.kill(os.getpid(), signal.SIGKILL)

Path.replace = replace_or_die
extract(Path(sys.argv[1]), Path(sys.argv[2]), "killed")
"""


def extract(folder, target, run_id):
    run = Extraction(CohortFolder(target), CohortSpecification(), run_id, b"key")
    with closing(FolderArchive(folder)) as archive:
        ids = archive.patient_ids()
        group = decide_batch(archive, ids, run)
        retrieve_group(archive, group, run.cohort)
    prepare_group(group, run.cohort, run.specification)
    return publish(ids, run).table


def products(target):
    return {
        path.relative_to(target): path.read_bytes()
        for path in (target / "patients").rglob("*")
        if path.name.endswith((".nii.gz", "rois.json", "rois.png", "labels.tsv"))
        and not path.name.startswith(".")
    }


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    cohort = Cohort(seed=5, size=PhantomSize.tiny())
    cohort.add()
    cohort.add()
    folder = tmp_path_factory.mktemp("archive")
    cohort.write(folder)
    return folder


@pytest.fixture(scope="module")
def unharmed(archive, tmp_path_factory):
    target = tmp_path_factory.mktemp("unharmed")
    extract(archive, target, "run")
    return products(target)


@pytest.mark.parametrize(
    ("at_file", "when"), [(1, "before"), (4, "after"), (14, "before"), (17, "after")]
)
def test_killed_while_writing_leaves_whole_files_and_the_next_run_ends_the_same(
    archive, unharmed, tmp_path, at_file, when
):
    target = tmp_path / "cohort"
    arguments = [archive, target, str(at_file), when]
    ended = subprocess.run([sys.executable, "-c", SCRIPT, *arguments], check=False)
    assert ended.returncode == -signal.SIGKILL
    survived = products(target)
    for path, content in survived.items():
        assert content == unharmed[path]
        if path.name.endswith(".gz"):
            gzip.decompress(content)

    table = extract(archive, target, "next")

    assert set(table["outcome"]) == {"PROCEED"}
    assert table["fetched"].sum() == 0
    assert products(target) == unharmed
    assert not list(target.rglob("*.part*"))
