"""Choose, decide, retrieve, publish: on an archive that fails on request."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from imaging.cohort import (
    CohortBusyError,
    CohortFailedError,
    CohortFolder,
    Extraction,
    Outcome,
    PatientNotes,
    PatientSelection,
    choose,
    decide_batch,
    in_groups,
    publish,
    read_manifest,
    retrieve_group,
    retrieve_patient,
)
from imaging.errors import InputError, RemoteUnavailableError, SettingError
from tests.imaging.cohort.fakes import FILES_ONLY, FakeArchive, changed
from tests.imaging.cohort.rows import complete, patient


@pytest.fixture
def run(tmp_path):
    return Extraction(CohortFolder(tmp_path / "cohort"), FILES_ONLY, "run-1", b"key")


def named(id_, *series):
    return replace(patient(*(series or complete())), patient_id=id_)


def extract(archive, run, ids=None):
    """All four steps; patients whose archive is lost are left to their notes."""
    ids = ids or archive.patient_ids()
    for notes in decide_batch(archive, ids, run):
        try:
            retrieve_patient(archive, notes, run.cohort)
        except RemoteUnavailableError:
            continue
    return publish(ids, run)


def test_a_cohort_is_written_with_one_row_a_patient(run):
    summary = extract(FakeArchive(named("A"), named("B", *complete()[1:])), run)
    table = read_manifest(summary.manifest)

    assert table["patient_id"].tolist() == ["A", "B"]
    assert table["outcome"].tolist() == ["PROCEED", "EXCLUDE"]
    assert "I_EXEC_005" in table["codes"][1].split(";")
    assert table["reason"].tolist() == ["", "a required modality is missing (missing CT)"]
    assert len(list((run.cohort.patient(table["case_id"][0]) / "CT").glob("*.dcm"))) == 5
    assert read_manifest(summary.manifest.with_suffix(".csv"))["case_id"].equals(table["case_id"])


def test_the_notes_hold_every_decision_and_what_was_chosen(run):
    extract(FakeArchive(named("A")), run)
    notes = json.loads(run.notes("A").read_text())

    assert notes["patient_id"] == "A"
    assert [d["code"] for d in notes["decisions"]][:2] == ["I_SUCC_001", "II_SUCC_001"]
    assert notes["decisions"][0]["stage"] == "I"
    (case,) = notes["cases"]
    assert case["chosen"]["evidence"]["RTSTRUCT → CT"] == "referenced series"
    assert case["retrieval"]["files"]["RTDOSE"] == ["RTDOSE/dose.dcm"]


def test_a_second_run_fetches_nothing_that_is_unchanged(run):
    archive = FakeArchive(named("A"), named("B"))
    extract(archive, run)
    before = len(archive.fetched)
    summary = extract(archive, replace(run, run_id="run-2"))

    assert len(archive.fetched) == before == 16
    assert summary.table["fetched"].tolist() == [0, 0]
    assert summary.table["unchanged"].tolist() == [8, 8]


def test_only_what_changed_on_the_server_is_fetched_again(run):
    archive = FakeArchive(named("A"))
    first = extract(archive, run)
    archive.held["A"] = changed(archive.held["A"], "ct.2")
    archive.fetched.clear()
    second = extract(archive, replace(run, run_id="run-2"))

    assert archive.fetched == ["ct.2"]
    assert first.table["content_hash"][0] != second.table["content_hash"][0]


@pytest.mark.parametrize("damage", ["delete", "truncate"])
def test_a_file_that_was_damaged_on_disk_is_fetched_again(run, damage):
    archive = FakeArchive(named("A"))
    case = extract(archive, run).table["case_id"][0]
    victim = run.cohort.patient(case) / "CT" / "ct.3.dcm"
    victim.unlink() if damage == "delete" else victim.write_bytes(b"x")
    archive.fetched.clear()
    extract(archive, run)

    assert archive.fetched == ["ct.3"]
    assert victim.stat().st_size == 100


def test_a_file_that_left_the_archive_leaves_the_folder(run):
    archive = FakeArchive(named("A"))
    case = extract(archive, run).table["case_id"][0]
    image, *others = complete()
    archive.held["A"] = named("A", replace(image, instances=image.instances[:-1]), *others)
    extract(archive, run)

    assert sorted(p.stem for p in (run.cohort.patient(case) / "CT").iterdir()) == [
        f"ct.{i}" for i in range(4)
    ]


def test_a_lost_archive_is_noted_and_the_next_run_continues(run):
    archive = FakeArchive(named("A"))
    archive.errors["ct"] = [RemoteUnavailableError("connection lost")]
    archive.stop_after = 3
    lost = extract(archive, run)

    assert "XI_EXEC_013" in lost.table["codes"][0]
    assert lost.table["folder"][0] == ""

    healed = extract(archive, replace(run, run_id="run-2"))

    assert healed.table["outcome"][0] == "PROCEED"
    assert healed.table["fetched"][0] == 5  # three of eight were whole already


def test_a_group_goes_on_after_a_loss_and_a_retry_leaves_the_complete_alone(run):
    archive = FakeArchive(named("A"), named("B", *complete("s2", ".2")))
    archive.errors["ct"] = [RemoteUnavailableError("connection lost")]
    archive.stop_after = 3
    group = decide_batch(archive, ["A", "B"], run)
    with pytest.raises(RemoteUnavailableError):
        retrieve_group(archive, group, run.cohort)
    assert PatientNotes.read(run.notes("B")).outcome is Outcome.PROCEED

    archive.fetched.clear()
    retrieve_group(archive, group, run.cohort)
    table = publish(["A", "B"], run).table

    assert table["outcome"].tolist() == ["PROCEED", "PROCEED"]
    assert len(archive.fetched) == 5
    assert table["fetched"].tolist() == [5, 8]  # B's count is that of the first try


@pytest.mark.parametrize(
    ("patients", "sizes"),
    [(0, []), (6, [1] * 6), (20, [3] * 6 + [2]), (50, [7] * 7 + [1]), (100, [8] * 12 + [4])],
)
def test_groups_are_small_for_few_patients_and_bounded_for_many(patients, sizes):
    notes = [Path(str(number)) for number in range(patients)]

    assert [len(group) for group in in_groups(notes)] == sizes
    assert [path for group in in_groups(notes) for path in group] == notes


def test_a_retry_within_a_run_replaces_the_failure(run):
    archive = FakeArchive(named("A"))
    archive.errors["ct"] = [RemoteUnavailableError("connection lost")]
    archive.stop_after = 3
    (notes,) = decide_batch(archive, ["A"], run)
    with pytest.raises(RemoteUnavailableError):
        retrieve_patient(archive, notes, run.cohort)
    retrieve_patient(archive, notes, run.cohort)

    assert PatientNotes.read(notes).outcome is Outcome.PROCEED


def test_an_instance_deleted_in_between_costs_only_its_patient(run):
    other = named("B", *complete("s2", ".2"))
    archive = FakeArchive(named("A"), other)
    archive.gone = {"ct.1"}
    summary = extract(archive, run)

    assert summary.table["outcome"].tolist() == ["EXCLUDE", "PROCEED"]
    assert "XI_EXEC_011" in summary.table["codes"][0]
    assert "XIII_SUCC_001" in summary.table["codes"][0]  # the other parts were still retrieved


def test_a_patient_who_is_not_there_is_told_so(run):
    summary = extract(FakeArchive(named("A")), run, ["A", "lost"])

    assert (
        dict(zip(summary.table["patient_id"], summary.table["codes"], strict=True))["lost"]
        == "I_EXEC_003"
    )


def test_notes_of_an_earlier_run_do_not_stand_in_for_a_failure(run):
    archive = FakeArchive(named("A"))
    extract(archive, run)
    summary = publish(["A"], replace(run, run_id="run-2"))

    assert summary.table["codes"][0] == "I_EXEC_002"


def test_a_step_that_never_ended_is_a_failure(run):
    archive = FakeArchive(named("A"))
    decide_batch(archive, ["A"], run)
    summary = publish(["A"], run)

    assert summary.table["outcome"][0] == "EXCLUDE"
    assert "XI_EXEC_016" in summary.table["codes"][0]


def test_an_unforeseen_error_is_the_patients_alone(run):
    broken = named("A", replace(complete()[0], tags=None), *complete()[1:])
    summary = extract(FakeArchive(broken, named("B")), run)

    assert summary.table["codes"][0] == "I_EXEC_002"
    assert summary.table["outcome"][1] == "PROCEED"


@pytest.mark.parametrize(
    ("failed", "allowed", "raises"), [(1, 50, False), (1, 20, True), (3, 100, True)]
)
def test_a_run_fails_when_too_much_failed_or_nothing_succeeded(run, failed, allowed, raises):
    archive = FakeArchive(*[named(id_) for id_ in "ABC"])
    for notes in decide_batch(archive, ["A", "B", "C"][failed:], run):
        retrieve_patient(archive, notes, run.cohort)
    summary = publish(["A", "B", "C"], run)

    assert summary.technical_failures == failed
    if raises:
        with pytest.raises(CohortFailedError, match=f"{failed} of 3"):
            summary.check(allowed)
    else:
        summary.check(allowed)


@pytest.mark.parametrize("kept", [slice(0, 1), slice(1, 4)])
def test_patients_excluded_by_a_rule_do_not_fail_a_run(run, kept):
    extract(FakeArchive(named("A", *complete()[kept])), run).check(0)


def test_objects_that_do_not_refer_to_each_other_are_no_technical_failure(run):
    image, *others = complete()
    other = replace(image, series_instance_uid="other", tags={"FrameOfReferenceUID": "else"})
    summary = extract(FakeArchive(named("A", other, *others)), run)

    assert summary.table["codes"][0].endswith("II_EXEC_002")
    assert summary.technical_failures == 0


def test_a_name_out_of_the_dates_is_dropped_and_an_absent_one_is_told(tmp_path):
    class Dated(FakeArchive):
        def patient_ids(self, dates=None):
            return ["in range"] if dates else ["in range", "too early"]

    chosen = PatientSelection(
        patient_ids=["in range", "too early", "absent"], first_study_date="2024-01-01"
    )

    assert choose(Dated(), chosen, tmp_path) == [["in range", "absent"]]


def test_two_runs_cannot_work_on_one_cohort(tmp_path):
    cohort = CohortFolder(tmp_path / "cohort")
    with cohort.locked(), pytest.raises(CohortBusyError, match="cohort"), cohort.locked():
        pass
    with cohort.locked():
        assert cohort.root.exists()


def test_notes_without_a_chain_never_empty_a_folder(run):
    archive = FakeArchive(named("A"))
    extract(archive, run)
    publish(["A"], replace(run, run_id="another"))  # leaves notes without a chain
    before = len(list(run.cohort.root.rglob("*.dcm")))
    retrieve_patient(archive, run.notes("A"), run.cohort)

    assert len(list(run.cohort.root.rglob("*.dcm"))) == before == 8


def test_lost_credentials_are_noted_and_end_the_patient(run):
    archive = FakeArchive(named("A"))
    archive.errors["ct"] = [SettingError("IMAGING_ORTHANC_PASSWORD", "refused")]
    archive.stop_after = 2
    (notes,) = decide_batch(archive, ["A"], run)
    with pytest.raises(SettingError):
        retrieve_patient(archive, notes, run.cohort)

    assert "XI_EXEC_014" in publish(["A"], run).table["codes"][0]


def test_an_empty_selection_is_refused(tmp_path):
    with pytest.raises(InputError, match="no patient"):
        choose(FakeArchive(), PatientSelection(), tmp_path)


def test_patients_are_chosen_in_batches_of_fifty(tmp_path):
    archive = FakeArchive(*[named(f"{i:03d}") for i in range(120)])

    assert [len(b) for b in choose(archive, PatientSelection(), tmp_path)] == [50, 50, 20]


def test_case_ids_tell_nothing_without_the_key(run):
    assert run.notes("A") == run.notes("A")
    assert run.notes("A") != replace(run, key=b"other").notes("A")
    assert "A" not in run.notes("A").stem
