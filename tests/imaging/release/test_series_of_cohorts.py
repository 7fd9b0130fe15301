"""Cases of a cohort in a release: a rule withdraws one, a passing failure does not."""

from contextlib import closing
from dataclasses import replace

import pytest

from imaging.cohort import (
    CohortFolder,
    Decision,
    Extraction,
    PatientNotes,
    decide_batch,
    retrieve_patient,
)
from imaging.cohort.extract import only
from imaging.dicom import FolderArchive
from imaging.dicom.deidentify import DeidentifyOptions
from imaging.release import CohortSource, open_release, release_group, summarise
from imaging.release.source import chosen_by
from tests.imaging.cohort.fakes import FILES_ONLY
from tests.imaging.release.releases import KEY, dicom_files, phantom, place_in

ID = phantom().patient_id


@pytest.fixture
def cohort(tmp_path, source):
    """A release of a cohort with one case."""
    first = Extraction(CohortFolder(tmp_path / "cohort"), FILES_ONLY, "one", b"key")
    _judge(tmp_path, source, first, retrieves=True)
    _release(tmp_path, first)
    assert len(list(dicom_files(place_in(tmp_path).data))) == 27
    return replace(first, run_id="two")


def _judge(tmp_path, source, run, *, retrieves):
    with closing(FolderArchive(source, tmp_path / "index.sqlite")) as archive:
        for path in decide_batch(archive, [ID], run):
            if retrieves:
                retrieve_patient(archive, path, run.cohort)


def _release(tmp_path, extraction):
    """Release it; return the failure, and how many files there are."""
    place = place_in(tmp_path)
    with place.at_work():
        run = open_release(
            place, KEY, DeidentifyOptions(), extraction.run_id, made_of="a cohort's cases"
        )
        groups = run.in_groups([ID])
        for group in groups:
            release_group(CohortSource(extraction), group, run)
        failed = summarise(groups, run).failed
    return failed, len(list(dicom_files(place.data)))


def _change(extraction, **changes):
    """Change the notes of the one case."""
    path = extraction.notes(ID)
    notes = PatientNotes.read(path)
    notes.with_case(replace(notes.cases[0], **changes)).write(path)


@pytest.mark.parametrize("code", ["I_EXEC_002", "I_EXEC_009", "I_EXEC_010"])
def test_a_patient_who_was_not_judged_stays_in_the_release(tmp_path, cohort, code):
    only(Decision(code), ID, cohort)

    assert _release(tmp_path, cohort) == (1, 27)


def test_a_patient_whom_the_run_never_came_to_stays_in_the_release(tmp_path, cohort):
    assert _release(tmp_path, cohort) == (1, 27)


def test_a_patient_whose_notes_cannot_be_read_stays_in_the_release(tmp_path, cohort):
    cohort.notes(ID).write_text("{}")

    assert _release(tmp_path, cohort) == (1, 27)


def test_a_case_that_was_not_retrieved_stays_in_the_release(tmp_path, source, cohort):
    _judge(tmp_path, source, cohort, retrieves=False)

    assert _release(tmp_path, cohort) == (1, 27)


@pytest.mark.parametrize("code", ["XI_EXEC_013", "XVI_EXEC_015"])
def test_a_case_of_which_something_did_not_come_stays_in_the_release(
    tmp_path, source, cohort, code
):
    _judge(tmp_path, source, cohort, retrieves=True)
    lost = {"complete": False, "files": {}}
    _change(cohort, retrieved=(Decision(code),), retrieval=lost)

    assert _release(tmp_path, cohort) == (1, 27)


def test_a_case_whose_archive_changed_meanwhile_stays_in_the_release(tmp_path, source, cohort):
    _judge(tmp_path, source, cohort, retrieves=True)
    notes = PatientNotes.read(cohort.notes(ID))
    judged = (*notes.judged, Decision("I_REV_003"))
    replace(notes, judged=judged, basis="").write(cohort.notes(ID))

    assert _release(tmp_path, cohort) == (1, 27)


def test_a_case_that_a_rule_speaks_against_leaves_though_it_did_not_come(tmp_path, source, cohort):
    _judge(tmp_path, source, cohort, retrieves=False)
    _change(cohort, linked=(Decision("II_REV_003"),))

    assert _release(tmp_path, cohort) == (0, 0)


def test_a_patient_whom_the_archive_does_not_have_leaves(tmp_path, cohort):
    only(Decision("I_EXEC_003"), ID, cohort)

    assert _release(tmp_path, cohort) == (0, 0)


def test_a_case_that_proceeds_stays(tmp_path, source, cohort):
    _judge(tmp_path, source, cohort, retrieves=True)

    assert _release(tmp_path, cohort) == (0, 27)


def test_a_run_asks_for_those_named_who_have_a_study_in_its_dates(cohort):
    only(Decision("I_EXEC_010"), ID, cohort)
    earlier = replace(cohort, run_id="three")

    assert chosen_by(cohort, [ID, "other"]) == ["other"]
    assert chosen_by(earlier, [ID, "other"]) == [ID, "other"]
