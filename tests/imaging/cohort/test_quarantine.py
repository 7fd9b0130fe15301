"""Candidates in quarantine: each whole in its folder, one moved by a person's choice."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from imaging.cohort import (
    CohortFolder,
    Extraction,
    PatientNotes,
    candidates_as_markdown,
    candidates_of,
    decide_batch,
    publish,
    read_manifest,
    resolve,
    retrieve_patient,
    waiting,
)
from imaging.errors import InputError
from tests.imaging.cohort.fakes import FILES_ONLY, FakeArchive
from tests.imaging.cohort.rows import complete, patient


@pytest.fixture
def run(tmp_path):
    return Extraction(CohortFolder(tmp_path / "cohort"), FILES_ONLY, "run-1", b"key")


@pytest.fixture
def archive():
    return FakeArchive(patient(*complete("one", ".1"), *complete("two", ".2")))


def key_of(run, number, id_="SUB001"):
    """The key of a candidate by its place in the table."""
    return candidates_of(run.cohort, run.case_id(id_))[number - 1].key


def extract(archive, run):
    for notes in decide_batch(archive, archive.patient_ids(), run):
        retrieve_patient(archive, notes, run.cohort)
    return publish(archive.patient_ids(), run)


def files(folder):
    return sorted(path.stem for path in folder.rglob("*.dcm"))


def of_suffix(suffix):
    uids = [f"{name}{suffix}" for name in ("dose", "plan", "struct")]
    return sorted([*uids, *(f"ct{suffix}.{i}" for i in range(5))])


def test_every_candidate_is_retrieved_whole_into_a_folder_of_its_own(archive, run):
    summary = extract(archive, run)
    case = run.case_id("SUB001")
    first, second = candidates_of(run.cohort, case)

    assert summary.in_quarantine == 2
    assert summary.table["outcome"].tolist() == ["EXCLUDE"]
    assert [files(first.folder), files(second.folder)] in (
        [of_suffix(".1"), of_suffix(".2")],
        [of_suffix(".2"), of_suffix(".1")],
    )
    assert waiting(run.cohort) == [case]
    assert (run.cohort.root / "quarantine.csv").read_text().count("\n") == 3
    assert not run.cohort.patient(case).exists()
    assert all(row.key in candidates_as_markdown([first, second]) for row in (first, second))


def test_the_chosen_candidate_moves_into_the_cohort(archive, run):
    extract(archive, run)
    case = run.case_id("SUB001")
    chosen = candidates_of(run.cohort, case)[1]
    expected = files(chosen.folder)
    summary = resolve(run.cohort, case, chosen.key, reviewer="RW", comment="the later plan")

    assert summary.table["outcome"].tolist() == ["PROCEED"]
    assert "I_SUCC_002" in summary.table["codes"][0]
    assert Path(summary.table["folder"][0]) == run.cohort.patient(case)
    assert files(run.cohort.patient(case)) == expected
    assert not chosen.folder.exists()
    assert len(candidates_of(run.cohort, case)) == 1
    (kept,) = json.loads((run.cohort.root / "resolutions.json").read_text())[case]
    assert (kept["key"], kept["reviewer"], kept["comment"]) == (chosen.key, "RW", "the later plan")
    assert waiting(run.cohort) == []


def test_later_extractions_keep_to_the_choice_and_fetch_nothing(archive, run):
    extract(archive, run)
    case = run.case_id("SUB001")
    resolve(run.cohort, case, key_of(run, 1))
    expected = files(run.cohort.patient(case))
    archive.fetched.clear()
    again = extract(archive, replace(run, run_id="run-2"))
    # Even when everything is judged anew, as after a change of the rules.
    rules = FILES_ONLY.model_copy(update={"course_days": 7})
    anew = extract(archive, replace(run, run_id="run-3", specification=rules))

    assert archive.fetched == []
    assert again.table["outcome"].tolist() == anew.table["outcome"].tolist() == ["PROCEED"]
    assert files(run.cohort.patient(case)) == expected


def test_a_choice_can_be_made_otherwise(archive, run):
    extract(archive, run)
    case = run.case_id("SUB001")
    resolve(run.cohort, case, key_of(run, 1))
    first = files(run.cohort.patient(case))
    table = resolve(run.cohort, case, key_of(run, 1)).table

    assert files(run.cohort.patient(case)) != first
    assert len(files(run.cohort.patient(case))) == 8
    (aside,) = candidates_of(run.cohort, case)
    assert files(aside.folder) == first
    assert table["outcome"].tolist() == ["PROCEED"]


@pytest.mark.parametrize("killed_after", ["choice", "one folder", "both folders"])
def test_a_killed_move_is_finished_by_the_next_try(archive, run, monkeypatch, killed_after):
    extract(archive, run)
    case = run.case_id("SUB001")
    resolve(run.cohort, case, key_of(run, 1))
    wanted = files(candidates_of(run.cohort, case)[0].folder)
    steps = {"choice": 0, "one folder": 1, "both folders": 2}[killed_after]
    renamed: list[Path] = []
    rename, write = Path.rename, PatientNotes.write

    def dies(path, target):
        if len(renamed) == steps:
            raise KeyboardInterrupt
        renamed.append(path)
        return rename(path, target)

    def dies_first(_notes, _path):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", dies)
        if steps == 2:
            patch.setattr(PatientNotes, "write", dies_first)
        with pytest.raises(KeyboardInterrupt):
            resolve(run.cohort, case, key_of(run, 1))
    assert PatientNotes.write is write
    table = resolve(run.cohort, case, key_of(run, 1)).table

    assert files(run.cohort.patient(case)) == wanted
    assert table["outcome"].tolist() == ["PROCEED"]
    assert len(candidates_of(run.cohort, case)) == 1


@pytest.mark.parametrize(
    ("case", "key"), [("", "gone"), ("", ""), ("case-nobody", "a"), ("../x", "a")]
)
def test_what_is_not_there_cannot_be_chosen(archive, run, case, key):
    extract(archive, run)
    with pytest.raises(InputError):
        resolve(run.cohort, case or run.case_id("SUB001"), key)


def test_a_candidate_that_is_not_whole_cannot_be_chosen(archive, run):
    archive.gone = {"ct.1.2", "ct.2.2"}
    extract(archive, run)
    with pytest.raises(InputError, match="not complete"):
        resolve(run.cohort, run.case_id("SUB001"), key_of(run, 1))


def test_the_manifest_keeps_the_other_patients(run):
    other = replace(patient(*complete("three", ".3")), patient_id="SUB002")
    both = FakeArchive(patient(*complete("one", ".1"), *complete("two", ".2")), other)
    extract(both, run)
    manifest = resolve(run.cohort, run.case_id("SUB001"), key_of(run, 1)).manifest

    assert read_manifest(manifest)["patient_id"].tolist() == ["SUB001", "SUB002"]


def test_a_choice_that_another_reviewer_made_before_is_not_taken_for_the_next_candidate(run):
    three = [complete(name, f".{name}") for name in ("one", "two", "three")]
    archive = FakeArchive(patient(*(row for rows in three for row in rows)))
    extract(archive, run)
    case = run.case_id("SUB001")
    first, second, _ = candidates_of(run.cohort, case)
    resolve(run.cohort, case, first.key)
    resolve(run.cohort, case, second.key)

    assert PatientNotes.read(run.notes("SUB001")).taken[0].key == second.key
    with pytest.raises(InputError, match="look again"):
        resolve(run.cohort, case, second.key)


def test_a_patient_who_was_in_the_cohort_before_can_be_resolved(run):
    archive = FakeArchive(patient(*complete("one", ".1")))
    extract(archive, run)
    case = run.case_id("SUB001")
    before = files(run.cohort.patient(case))
    archive.held["SUB001"] = patient(*complete("one", ".1"), *complete("two", ".2"))
    archive.fetched.clear()
    extract(archive, replace(run, run_id="run-2"))

    assert sorted(archive.fetched) == of_suffix(".2")  # the first one moved, and was not fetched
    assert not run.cohort.patient(case).exists()
    resolve(run.cohort, case, key_of(run, 2))
    resolve(run.cohort, case, key_of(run, 1))
    assert len(files(run.cohort.patient(case))) == len(before) == 8


def test_what_is_no_case_any_more_is_moved_out_of_the_way_and_comes_back(run):
    archive = FakeArchive(patient(*complete("one", ".1")))
    extract(archive, run)
    case = run.case_id("SUB001")
    whole = archive.held["SUB001"]
    archive.held["SUB001"] = patient(*complete("one", ".1")[:2])
    extract(archive, replace(run, run_id="run-2"))
    assert not run.cohort.patient(case).exists()
    assert len(files(run.cohort.root / "left" / case)) == 8

    archive.held["SUB001"] = whole
    archive.fetched.clear()
    table = extract(archive, replace(run, run_id="run-3")).table

    assert table["outcome"].tolist() == ["PROCEED"]
    assert archive.fetched == []


def test_courses_keep_their_names_when_others_come_and_go(run):
    every = FILES_ONLY.model_copy(update={"several_treatments": "every"})
    run = replace(run, specification=every)
    later = dated(patient(*complete("two", ".2")), "20240101")
    archive = FakeArchive(later)
    (alone,) = extract(archive, run).table["case_id"]
    earlier = dated(patient(*complete("one", ".1")), "20200101")
    both = replace(later, studies=(*earlier.studies, *later.studies))
    archive.held["SUB001"] = both
    table = extract(archive, replace(run, run_id="run-2")).table

    assert table.set_index("course")["case_id"]["2"] == alone
    assert len(set(table["case_id"])) == 2


def dated(row, date):
    """The patient with all studies on that date, in a frame of reference of that date."""
    studies = []
    for study in row.studies:
        series = tuple(
            replace(
                own,
                tags={"FrameOfReferenceUID": date} if own.modality == "CT" else {},
                references=tuple(
                    replace(r, frame_of_reference_uids=(date,)) for r in own.references
                ),
            )
            for own in study.series
        )
        studies.append(replace(study, study_date=date, series=series))
    return replace(row, studies=tuple(studies))


def test_a_choice_of_one_course_leaves_the_cases_of_others(run):
    every = FILES_ONLY.model_copy(update={"several_treatments": "every"})
    run = replace(run, specification=every)
    twins = dated(patient(*complete("one", ".1"), *complete("two", ".2")), "20200101")
    other = dated(patient(*complete("three", ".3")), "20240101")
    archive = FakeArchive(replace(twins, studies=(*twins.studies, *other.studies)))
    extract(archive, run)
    case = run.case_id("SUB001")
    assert waiting(run.cohort) == [case]
    now = resolve(run.cohort, case, key_of(run, 1)).table
    again = extract(archive, replace(run, run_id="run-2")).table

    assert sorted(now["course"]) == sorted(again["course"]) == ["1", "2"]
    assert sorted(now["case_id"]) == sorted(again["case_id"])
    assert waiting(run.cohort) == []


def test_notes_of_another_version_do_not_keep_others_from_being_resolved(archive, run):
    extract(archive, run)
    run.cohort.notes("case-old").write_text('{"patient_id": "old"}')

    assert resolve(run.cohort, run.case_id("SUB001"), key_of(run, 1)).table["outcome"].tolist() == [
        "PROCEED"
    ]


def test_words_about_a_candidate_hold_no_free_text(run):
    held = patient(*complete("one", ".1"), *complete("two", ".2"), description="Doe, born 1960")
    extract(FakeArchive(held), run)
    found = candidates_of(run.cohort, run.case_id("SUB001"))

    assert "Doe" not in candidates_as_markdown(found)
    assert all("Doe" not in row.in_words and row.key in row.in_words for row in found)


def test_another_choice_puts_back_the_first_one_though_it_is_of_another_course(run):
    early = dated(patient(*complete("one", ".1")), "20200101")
    late = dated(patient(*complete("two", ".2")), "20240101")
    extract(FakeArchive(replace(early, studies=(*early.studies, *late.studies))), run)
    case = run.case_id("SUB001")
    resolve(run.cohort, case, key_of(run, 1))
    table = resolve(run.cohort, case, key_of(run, 1)).table

    assert table["course"].tolist() == ["2"]
    assert len(candidates_of(run.cohort, case)) == 1


def test_a_choice_where_no_course_was_settled_has_the_name_that_later_runs_give_it(run):
    every = FILES_ONLY.model_copy(update={"several_treatments": "every"})
    run = replace(run, specification=every)
    twins = dated(patient(*complete("one", ".1"), *complete("two", ".2")), "20200101")
    archive = FakeArchive(twins)
    extract(archive, run)
    now = resolve(run.cohort, run.case_id("SUB001"), key_of(run, 1)).table
    anew = every.model_copy(update={"course_days": 7})
    later = extract(archive, replace(run, run_id="run-2", specification=anew)).table

    assert now["case_id"].tolist() == later["case_id"].tolist()


def test_a_choice_adds_nobody_to_the_manifest(run):
    other = replace(patient(*complete("three", ".3")), patient_id="SUB002")
    both = FakeArchive(patient(*complete("one", ".1"), *complete("two", ".2")), other)
    extract(both, run)
    publish(["SUB001"], run)
    table = resolve(run.cohort, run.case_id("SUB001"), key_of(run, 1)).table

    assert table["patient_id"].tolist() == ["SUB001"]
