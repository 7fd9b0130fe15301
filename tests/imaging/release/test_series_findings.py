"""What the audit against the originals found is forgotten with the file that it is of."""

import shutil

import pytest

from imaging.dicom.deidentify import Deidentifier, FileOutcome
from imaging.release import Release, release_patient
from tests.imaging.release.releases import KEY, begin, change, one_file, place_in


class Leaky(Deidentifier):
    """Copies a file as it is, and says that it did its work."""

    def file(self, source, target):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        return FileOutcome(self.uid(source.stem))


@pytest.fixture
def leaked(tmp_path, archive):
    """Which files of the CT a leaky run is told of."""
    return _ct_findings(tmp_path, archive, "one", Leaky(KEY))


def _ct_findings(tmp_path, archive, run_id, deidentifier=None):
    with place_in(tmp_path).at_work():
        run = begin(place_in(tmp_path), run_id)
        if deidentifier is not None:
            run = Release(run.place, run_id, deidentifier, deidentifier)
        (group,) = run.in_groups(archive.patient_ids())
        record = release_patient(archive, group[0], run)
    (series,) = (one for one in record.series.values() if one.modality == "CT")
    return {file for file, _, _ in series.findings}


def test_findings_of_files_that_stay_outlast_those_of_one_made_anew(
    tmp_path, source, archive, leaked
):
    change(one_file(source), KVP="99")
    after = _ct_findings(tmp_path, archive, "two")

    new = begin(place_in(tmp_path)).deidentifier.uid(one_file(source).stem)
    assert f"{new}.dcm" in leaked
    assert after == leaked - {f"{new}.dcm"}


def test_findings_of_a_file_that_the_source_no_longer_has_go(tmp_path, source, archive, leaked):
    gone = begin(place_in(tmp_path)).deidentifier.uid(one_file(source).stem)
    one_file(source).unlink()

    assert _ct_findings(tmp_path, archive, "two") == leaked - {f"{gone}.dcm"}


def test_findings_go_when_all_is_made_anew(tmp_path, source, archive, leaked):
    for path in source.rglob("CT/*.dcm"):
        change(path, KVP="99")

    assert leaked
    assert _ct_findings(tmp_path, archive, "two") == set()
