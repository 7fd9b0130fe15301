"""Choose, decide, retrieve, publish: on an archive that fails on request."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
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
from tests.imaging.cohort.rows import complete, ct, patient


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


def test_a_file_that_no_journal_knows_leaves_the_folder_too(run):
    archive = FakeArchive(named("A"))
    case = extract(archive, run).table["case_id"][0]
    folder = run.cohort.patient(case) / "CT"
    for name in ("stray.dcm", "torn.dcm.part", "mine.txt"):
        (folder / name).write_bytes(b"x")
    extract(archive, run)

    assert not (folder / "stray.dcm").exists()
    assert not (folder / "torn.dcm.part").exists()
    assert (folder / "mine.txt").exists()


def test_what_was_made_of_files_goes_before_the_files_are_replaced(run):
    archive = FakeArchive(named("A"))
    case = extract(archive, run).table["case_id"][0]
    folder = run.cohort.patient(case)
    (folder / "products.json").write_text("{}")
    run.cohort.dvhs(case).mkdir(parents=True)
    extract(archive, replace(run, run_id="run-2"))
    assert (folder / "products.json").exists()
    assert run.cohort.dvhs(case).exists()

    archive.held["A"] = changed(archive.held["A"], "struct")
    archive.errors["ct"] = []
    extract(archive, replace(run, run_id="run-3"))

    assert not (folder / "products.json").exists()
    assert not run.cohort.dvhs(case).exists()


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


def test_a_name_out_of_the_dates_and_an_absent_one_are_both_told(run, tmp_path):
    class Dated(FakeArchive):
        def patient_ids(self, dates=None):
            return ["in range"] if dates else ["in range", "too early"]

    archive = Dated(named("in range"), named("too early"))
    names = ["in range", "too early", "absent"]
    chosen = PatientSelection(patient_ids=names, first_study_date="2024-01-01")
    (batch,) = choose(archive, chosen, tmp_path, run)
    for notes in decide_batch(archive, batch, run):
        retrieve_patient(archive, notes, run.cohort)
    table = publish(batch, run).table.set_index("patient_id")

    assert batch == names
    assert table["codes"]["too early"] == "I_EXEC_010"
    assert table["codes"]["absent"] == "I_EXEC_003"
    assert table["outcome"]["in range"] == "PROCEED"
    assert archive.listed == ["in range"]


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


def test_the_summary_stays_short_whatever_the_evidence(run):
    image, *others = complete()
    held = []
    for number in range(120):
        far = replace(image.instances[-1], position_mm=(0, 0, 20.0 + number))
        rows = (*image.instances[:-1], far)
        held.append(named(f"{number:03d}", replace(image, instances=rows), *others))
    summary = extract(FakeArchive(*held), run)

    assert len(summary.to_markdown("c")) < 3000
    assert len(set(summary.table["reason"])) > 60


def test_two_copies_of_a_study_are_one_treatment(run):
    original = named("A")
    copies = tuple(replace(row, study_instance_uid="copy") for row in original.series)
    copy = replace(original.studies[0], study_instance_uid="copy", series=copies)
    archive = FakeArchive(replace(original, studies=(*original.studies, copy)))
    summary = extract(archive, run)

    assert summary.table["outcome"].tolist() == ["PROCEED"]
    assert summary.in_quarantine == 0
    assert len(archive.fetched) == len(set(archive.fetched)) == 8


@pytest.mark.parametrize("modality", ["CT", "RTSTRUCT", "RTDOSE"])
def test_a_copied_series_is_one_and_a_copy_of_another_length_is_for_review(run, modality):
    original = named("A")
    (series,) = [row for row in original.series if row.modality == modality]

    def copied(size):
        rows = tuple(replace(r, size=size, fingerprint=str(size)) for r in series.instances)
        moved = replace(series, study_instance_uid="copy", instances=rows)
        copy = replace(original.studies[0], study_instance_uid="copy", series=(moved,))
        return FakeArchive(replace(original, studies=(*original.studies, copy)))

    same = extract(copied(series.instances[0].size), run).table
    other = extract(copied(7), replace(run, run_id="run-2")).table

    assert same["outcome"].tolist() == ["PROCEED"]
    assert other["outcome"].tolist() == ["REVIEW"]
    assert "II_REV_013" in other["codes"][0]


def test_more_slices_in_a_copied_series_belong_to_it(run):
    image, *others = complete()
    part = replace(image, instances=image.instances[3:], study_instance_uid="again")
    held = named("A", replace(image, instances=image.instances[:4]), *others, part)
    summary = extract(FakeArchive(held), run)

    assert summary.table["slices"].tolist() == [5]
    assert summary.table["outcome"].tolist() == ["PROCEED"]


def test_a_server_that_failed_over_an_object_is_asked_again(run):
    image, struct, plan, dose = complete()
    broken = replace(dose, references=(), unreadable={"dose": "failed"}, is_doubtful=True)
    archive = FakeArchive(named("A", image, struct, plan, broken))
    first = extract(archive, run)
    archive.held["A"] = named("A")
    archive.held["A"] = replace(archive.held["A"], studies=archive.held["A"].studies)
    second = extract(archive, replace(run, run_id="run-2"))

    assert "II_EXEC_004" in first.table["codes"][0]
    assert second.table["outcome"][0] == "PROCEED"
    assert archive.listed == ["A", "A"]


def test_manifest_counts_the_slices_of_the_images_alone(run):
    pet = replace(ct("pet"), modality="PT")
    archive = FakeArchive(named("A", *complete(), pet))
    rules = FILES_ONLY.model_copy(update={"required_modalities": ["CT", "PT", "RTSTRUCT"]})
    summary = extract(archive, replace(run, specification=rules))

    assert summary.table["slices"].tolist() == [5]


def test_an_empty_table_of_candidates_has_its_columns(run):
    extract(FakeArchive(named("A")), run)

    assert pd.read_csv(run.cohort.quarantine_table.with_suffix(".csv")).columns.tolist() == [
        "patient_id",
        "case_id",
    ]
