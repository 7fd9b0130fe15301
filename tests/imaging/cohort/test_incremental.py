"""A later run: who is looked at again, and what happens to patients that change meanwhile."""

from dataclasses import replace

import pytest

from imaging.cohort import (
    CohortFolder,
    Decision,
    Extraction,
    PatientSelection,
    candidates_of,
    choose,
    decide_batch,
    publish,
    retrieve_group,
)
from imaging.cohort.extract import only
from imaging.dicom import Changes
from imaging.errors import RemoteUnavailableError
from tests.imaging.cohort.fakes import FILES_ONLY, FakeArchive, changed
from tests.imaging.cohort.rows import complete, patient


class Feed(FakeArchive):
    """An archive with a change feed: a cursor, and who was touched since."""

    now = "7"
    touched = frozenset[str]()

    def cursor(self):
        return self.now

    def changes_since(self, cursor):
        self.since = cursor
        return Changes(self.touched)

    def holdings(self, patient_ids, changes=None):
        for holding in super().holdings(patient_ids, changes):
            is_touched = changes is None or changes.any_of([holding.patient_id])
            yield replace(holding, is_touched=is_touched)


@pytest.fixture
def run(tmp_path):
    return Extraction(
        CohortFolder(tmp_path / "cohort"), FILES_ONLY, "run-1", b"key", patience_s=0.0
    )


@pytest.fixture
def archive():
    return Feed(named("A"), named("B", *complete("s2", ".2")))


def named(id_, *series):
    return replace(patient(*(series or complete())), patient_id=id_)


def extract(archive, run, ids=("A", "B")):
    for batch in choose(archive, PatientSelection(patient_ids=list(ids)), run.cohort.root, run):
        retrieve_group(archive, decide_batch(archive, batch, run), run.cohort)
    return publish(ids, run)


def again(archive, run, **changes):
    archive.listed.clear()
    archive.fetched.clear()
    return extract(archive, replace(run, run_id="run-2", **changes))


def test_patients_that_have_not_changed_are_not_listed(archive, run):
    extract(archive, run)
    summary = again(archive, run)

    assert archive.listed == archive.fetched == []
    assert summary.table["outcome"].tolist() == ["PROCEED", "PROCEED"]
    assert summary.table["unchanged"].tolist() == [8, 8]


def test_only_who_changed_is_listed(archive, run):
    extract(archive, run)
    archive.held["B"] = changed(archive.held["B"], "ct.2.3")
    again(archive, run)

    assert archive.listed == ["B"]
    assert archive.fetched == ["ct.2.3"]


def test_a_deleted_instance_shows_though_no_feed_tells_of_it(archive, run):
    extract(archive, run)
    image, *others = complete()
    archive.held["A"] = named("A", replace(image, instances=image.instances[:-1]), *others)
    summary = again(archive, run)

    assert archive.listed == ["A"]
    assert summary.table["slices"].tolist() == [4, 5]


def test_who_was_touched_by_the_feed_is_listed(archive, run):
    extract(archive, run)
    archive.touched = frozenset({"A"})
    again(archive, run)

    assert archive.listed == ["A"]


def test_the_feed_is_asked_from_before_the_last_published_run(archive, run):
    extract(archive, run)
    assert archive.since == ""
    archive.now = "9"
    again(archive, run)
    assert archive.since == "7"
    extract(archive, replace(run, run_id="run-3"))
    assert archive.since == "9"


def test_a_run_on_fewer_patients_does_not_forget_changes_of_the_others(archive, run):
    extract(archive, run)
    archive.now = "9"
    extract(archive, replace(run, run_id="run-2"), ["A"])
    extract(archive, replace(run, run_id="run-3"))

    assert archive.since == "7"


def test_other_rules_judge_everyone_again_and_other_outputs_nobody(archive, run):
    extract(archive, run)
    again(archive, run, specification=FILES_ONLY.model_copy(update={"approval": "any"}))
    assert archive.listed == ["A", "B"]
    outputs = FILES_ONLY.outputs.model_copy(update={"pictures": True})
    again(archive, run, specification=FILES_ONLY.model_copy(update={"outputs": outputs}))
    assert archive.listed == ["A", "B"]  # once more, as the rules are the first ones again
    again(archive, run)
    assert archive.listed == []


def test_notes_of_another_version_are_judged_again(archive, run):
    extract(archive, run)
    run.notes("A").write_text('{"patient_id": "A"}')
    again(archive, run)

    assert archive.listed == ["A"]


def test_a_patient_that_could_not_be_judged_is_tried_again(archive, run):
    whole = archive.held["A"]
    archive.held["A"] = named("A", replace(complete()[0], tags=None), *complete()[1:])
    first = extract(archive, run)
    archive.held["A"] = whole
    second = again(archive, run)

    assert first.table["codes"][0] == "I_EXEC_002"
    assert second.table["outcome"][0] == "PROCEED"


def test_a_patient_whose_studies_are_arriving_waits_for_the_next_run(archive, run):
    stable = archive.held["A"]
    arriving = tuple(replace(study, stable=False) for study in stable.studies)
    archive.held["A"] = replace(stable, studies=arriving)
    first = extract(archive, run)
    archive.held["A"] = stable
    second = again(archive, run)

    assert first.table["codes"][0] == "I_EXEC_009"
    assert first.technical_failures == 0
    assert second.table["outcome"][0] == "PROCEED"


def test_studies_that_become_stable_within_a_moment_are_waited_for(archive, run):
    stable = archive.held["A"]
    arriving = tuple(replace(study, stable=False) for study in stable.studies)
    asked = []

    class Settling(Feed):
        def holdings(self, patient_ids, changes=None):
            asked.append(list(patient_ids))
            self.held["A"] = replace(stable, studies=arriving) if len(asked) == 1 else stable
            yield from super().holdings(patient_ids, changes)

    summary = extract(Settling(stable, archive.held["B"]), replace(run, patience_s=30.0))

    assert asked[:2] == [["A", "B"], ["A"]]
    assert summary.table["outcome"].tolist() == ["PROCEED", "PROCEED"]


@pytest.mark.parametrize("change", ["grows", "shrinks", "goes"])
def test_a_patient_that_changes_during_retrieval_is_for_review_and_looked_at_again(
    archive, run, change
):
    image, *others = complete()
    more = replace(image.instances[0], sop_instance_uid="ct.new", position_mm=(0.0, 0.0, 15.0))
    now = {
        "grows": named("A", replace(image, instances=(*image.instances, more)), *others),
        "shrinks": named("A", replace(image, instances=image.instances[1:]), *others),
        "goes": None,
    }[change]
    notes = decide_batch(archive, ["A", "B"], run)
    whole = archive.held.pop("A")
    archive.held |= {} if now is None else {"A": now}
    retrieve_group(archive, notes, run.cohort)
    first = publish(["A", "B"], run)
    archive.held["A"] = whole
    second = again(archive, run)

    assert first.table["outcome"].tolist() == ["REVIEW", "PROCEED"]
    assert "I_REV_003" in first.table["codes"][0]
    assert archive.listed == ["A"]
    assert second.table["outcome"].tolist() == ["PROCEED", "PROCEED"]


def test_blanks_around_a_patient_id_are_not_significant(tmp_path):
    archive = FakeArchive(named(" A"), named("B"))
    chosen = choose(archive, PatientSelection(patient_ids=["A", "B ", "C"]), tmp_path)

    assert chosen == [[" A", "B", "C"]]


def test_a_run_on_fewer_patients_twice_does_not_forget_either(archive, run):
    extract(archive, run)
    archive.now = "9"
    extract(archive, replace(run, run_id="run-2"), ["A"])
    extract(archive, replace(run, run_id="run-3"), ["A"])
    extract(archive, replace(run, run_id="run-4"))

    assert archive.since == "7"


def test_growth_is_told_though_another_patient_of_the_group_lost_the_server(archive, run):
    notes = decide_batch(archive, ["A", "B"], run)
    image, *others = complete()
    archive.held["A"] = named("A", replace(image, instances=image.instances[1:]), *others)
    archive.errors["ct.2"] = [RemoteUnavailableError("lost")]
    archive.stop_after = 9
    with pytest.raises(RemoteUnavailableError):
        retrieve_group(archive, notes, run.cohort)

    assert "I_REV_003" in publish(["A", "B"], run).table["codes"][0]


def test_a_remembered_listing_does_not_make_a_settled_study_wait(archive, run):
    stale = archive.held["A"]
    arriving = tuple(replace(study, stable=False) for study in stale.studies)

    class Remembering(Feed):
        def patients(self, patient_ids):
            for row in super().patients(patient_ids):
                yield replace(row, studies=arriving) if row.patient_id == "A" else row

    summary = extract(Remembering(stale, archive.held["B"]), run)

    assert summary.table["outcome"].tolist() == ["PROCEED", "PROCEED"]


def test_a_study_that_starts_arriving_after_the_listing_waits(archive, run):
    class Arriving(Feed):
        def holdings(self, patient_ids, changes=None):
            for holding in super().holdings(patient_ids, changes):
                yield replace(holding, is_stable=holding.patient_id != "A")

    arriving = Arriving(archive.held["A"], archive.held["B"])
    summary = extract(arriving, run)

    assert summary.table["codes"][0] == "I_EXEC_009"


def test_a_patient_judged_before_waits_while_more_is_arriving(archive, run):
    extract(archive, run)

    class Arriving(Feed):
        def holdings(self, patient_ids, changes=None):
            for holding in super().holdings(patient_ids, changes):
                yield replace(holding, is_stable=holding.patient_id != "A")

    arriving = Arriving(archive.held["A"], archive.held["B"])
    summary = extract(arriving, replace(run, run_id="run-2"))

    assert summary.table["codes"][0] == "I_EXEC_009"
    assert summary.table["outcome"][1] == "PROCEED"


def test_dates_of_one_run_do_not_bind_the_next(archive, run):
    only(Decision("I_EXEC_010"), "A", replace(run, run_id="run-0"))

    assert extract(archive, run).table["outcome"].tolist() == ["PROCEED", "PROCEED"]


def test_a_choice_is_reason_enough_to_judge_anew(run):
    two = named("A", *complete("s1", ".1"), *complete("s2", ".2"))
    archive = Feed(two, named("B"))
    extract(archive, run)
    key = candidates_of(run.cohort, run.case_id("A"))[0].key
    run.cohort.resolve(run.case_id("A"), key, "", "")  # killed before anything was moved
    summary = again(archive, run)

    assert archive.listed == ["A"]
    assert summary.table["outcome"].tolist() == ["PROCEED", "PROCEED"]


def test_what_was_made_of_an_instance_that_is_gone_goes_too(archive, run):
    extract(archive, run)
    folder = run.cohort.patient(run.case_id("A"))
    (folder / "products.json").write_text("{}")
    image, *others = complete()
    archive.held["A"] = named("A", replace(image, instances=image.instances[:-1]), *others)
    again(archive, run)

    assert not (folder / "products.json").exists()
