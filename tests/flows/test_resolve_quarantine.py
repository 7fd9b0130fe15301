"""A reviewer's choice, by parameters and by the form in Prefect's UI."""

import threading
import time

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState
from prefect.flow_runs import resume_flow_run

from flows.extract_cohort import extract_cohort
from flows.resolve_quarantine import resolve_quarantine
from imaging.cohort import CohortFolder, candidates_of, read_manifest, waiting
from imaging.errors import InputError
from imaging.settings import settings
from tests.flows.shown import artifact, by_patient
from tests.imaging.cohort.fakes import FILES_ONLY


@pytest.fixture
def cohort(place, phantoms):
    place(dicom_folder=phantoms[0])
    extract_cohort("review", specification=FILES_ONLY)
    return CohortFolder.named("review", settings().data_root)


def test_a_candidate_that_is_named_moves_into_the_cohort(cohort):
    (case,) = waiting(cohort)
    manifest = resolve_quarantine("review", case, 2, "RW", "the later one")

    row = by_patient(manifest)["SUB005"]
    assert (row["outcome"], row["case_id"]) == ("PROCEED", case)
    assert "quarantine" in artifact("cohort-review").data
    assert case in artifact("quarantine-review").data
    assert len(candidates_of(cohort, case)) == 1
    assert case in (manifest.parent / "report.html").read_text()


def test_nothing_in_quarantine_is_said(cohort):
    (case,) = waiting(cohort)
    resolve_quarantine("review", case, 1)
    with pytest.raises(InputError, match="waits for a choice"):
        resolve_quarantine("review")


@pytest.mark.usefixtures("cohort")
def test_a_number_that_no_candidate_has_is_refused():
    with pytest.raises(InputError, match="names 0"):
        resolve_quarantine("review", candidate=7)


def test_the_run_shows_a_form_and_goes_on_with_what_is_chosen(cohort):
    (case,) = waiting(cohort)
    done = []
    run = threading.Thread(target=lambda: done.append(resolve_quarantine("review")))
    run.start()
    paused = _paused()
    schema = paused.state.state_details.run_input_keyset
    assert schema
    first = candidates_of(cohort, case)[0]
    chosen = {"candidate": f"{case} / {first.in_words}", "reviewer": "RW", "comment": "looked"}
    _resumed(paused.id, chosen)
    run.join(240)

    assert done
    assert by_patient(done[0])["SUB005"]["outcome"] == "PROCEED"
    assert read_manifest(cohort.manifest)["case_id"].str.startswith("case-").all()


def _paused(timeout_s=240.0):
    """The run that waits for its form."""
    wanted = FlowRunFilter(state=FlowRunFilterState.model_validate({"type": {"any_": ["PAUSED"]}}))
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        with get_client(sync_client=True) as client:
            runs = client.read_flow_runs(flow_run_filter=wanted)
        if runs:
            return runs[0]
        time.sleep(0.2)
    raise AssertionError


def _resumed(run_id, answer, timeout_s=120.0):
    """Answer the form; its schema is saved a moment after the run is paused."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            resume_flow_run(run_id, run_input=answer)
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return
