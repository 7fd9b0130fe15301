"""A release that is killed at its busiest: what a rerun leaves is what an undisturbed run does."""

import signal
import subprocess
import sys

import pytest

from imaging.phantoms import Cohort, PhantomSize
from tests.imaging.release.releases import change, contents, one_file, place_in, release

# SIGKILL to itself at the n-th output: half written, or written and not yet in the record.
SCRIPT = """
import os, signal, sys
from pathlib import Path
from imaging.dicom.deidentify import rewriting
from tests.imaging.release.releases import release

copy, seen = rewriting._copy, []

def copy_or_die(source, target, span):
    seen.append(span)
    last = len(seen) == int(sys.argv[3])
    if last and sys.argv[4] == "half":
        target.write(b"half")
        target.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    copy(source, target, span)
    if last:
        target.flush()
        os.kill(os.getpid(), signal.SIGKILL)

rewriting._copy = copy_or_die
release(Path(sys.argv[1]), Path(sys.argv[2]), "killed")
"""


@pytest.fixture(scope="module")
def patients(tmp_path_factory):
    """Three patients, one object of whom is held back."""
    folder = tmp_path_factory.mktemp("patients")
    cohort = Cohort(seed=5, size=PhantomSize.tiny())
    for _ in range(3):
        cohort.add()
    cohort.write(folder)
    change(one_file(folder, number=30), BurnedInAnnotation="YES")
    return folder


@pytest.fixture(scope="module")
def undisturbed(patients, tmp_path_factory):
    """What a run leaves that nothing happens to."""
    root = tmp_path_factory.mktemp("undisturbed")
    release(patients, root)
    return contents(place_in(root).data), contents(place_in(root).held_back)


@pytest.mark.parametrize(("at_file", "how"), [(1, "half"), (40, "whole"), (60, "half")])
def test_a_killed_run_and_a_rerun_leave_the_same_bytes(
    patients, undisturbed, tmp_path, at_file, how
):
    killed = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(patients), str(tmp_path), str(at_file), how],
        check=False,
        capture_output=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    place = place_in(tmp_path)
    assert place.staging.exists()
    assert contents(place.data) != undisturbed[0]
    assert list(place.data.rglob(".*"))

    release(patients, tmp_path, "rerun")

    assert (contents(place.data), contents(place.held_back)) == undisturbed
    assert not place.staging.exists()


def test_finished_series_of_a_killed_run_are_not_fetched_again(patients, tmp_path):
    subprocess.run(
        [sys.executable, "-c", SCRIPT, str(patients), str(tmp_path), "40", "whole"],
        check=False,
        capture_output=True,
    )
    _, fetched = release(patients, tmp_path, "rerun")

    assert 0 < len(fetched) <= 81 - 27
