"""Fusions through the flows: what is sent, paid, written and shown."""

import json
from contextlib import closing

import anyio
import httpx
import pandas as pd
import pytest
import trimesh

from flows.collect_fusion import collect_fusion
from flows.fuse_cbct import fuse_cbct
from flows.resolve_fusion import resolve_fusion
from imaging.errors import ImagingError, InputError
from imaging.fusion.job import JobState
from imaging.fusion.ledger import Ledger
from imaging.settings import settings
from tests.flows.said import everything_said
from tests.flows.shown import artifact, artifacts_of


def the_job():
    with closing(Ledger.of(settings())) as ledger:
        (job,) = ledger.jobs()
    return job


def results():
    return settings().data_root / "fusions" / "case-1"


def test_without_an_account_a_run_shows_what_would_be_sent(place, handed_in):
    place()

    state = fuse_cbct(**handed_in, return_state=True)

    assert state.name == "DryRun"
    page = artifact("fusion-case-1")
    assert "No account at a vendor is set up" in page.data
    assert "nothing was sent or paid for" in page.description
    rows = json.loads(artifact("fusion-checks-case-1").data)
    assert [row["input"] for row in rows] == ["upper scan", "lower scan", "CBCT"]
    assert not [*(settings().data_root / ".fusion" / "work").glob("*")]


def test_a_dry_run_that_was_asked_for_sends_nothing(vendor, handed_in):
    state = fuse_cbct(**handed_in, dry_run=True, return_state=True)

    assert state.name == "DryRun"
    assert vendor.paid == 0
    assert sum(vendor.counts.values()) == 0


def test_a_case_is_submitted_once_and_waits_for_nobody(vendor, handed_in):
    first = fuse_cbct(**handed_in, return_state=True)
    again = fuse_cbct(**{**handed_in, "case": "other-name"}, return_state=True)

    assert (first.name, again.name) == ("Submitted", "Submitted")
    assert vendor.paid == 1
    assert the_job().state is JobState.SUBMITTED
    assert the_job().run_id in artifact("fusion-case-1").data


@pytest.mark.usefixtures("vendor")
def test_a_collected_case_is_files_a_picture_and_a_page(handed_in):
    fuse_cbct(**handed_in, draco=True)

    folder = results()
    assert collect_fusion("case-1") == folder

    assert {"fusion.glb", "upper.glb", "lower.glb", "reconstructions.glb"} <= {
        path.name for path in folder.glob("*.glb")
    }
    names = set(trimesh.load_scene(folder / "fusion.glb").graph.nodes_geometry)
    assert {"11", "48"} & names
    assert b"KHR_draco" in (folder / "fusion.draco.glb").read_bytes()
    table = pd.read_csv(folder / "metrics.csv")
    rows = json.loads(artifact("fusion-meshes-case-1").data)
    assert len(rows) == len(table) > 28
    page = artifact("fusion-case-1")
    assert "(data:image/png;base64," in page.data
    assert len(page.data) < 100_000
    assert (folder / "fusion.draco.glb").as_uri() in page.data
    assert (folder / "metrics.csv").as_uri() in page.data
    assert (folder / "viewer.html").stat().st_size > 700_000
    assert (folder / "viewer.html").as_uri() in artifact("fusion-viewer-case-1").data
    assert the_job().collected


@pytest.mark.usefixtures("vendor", "undrawn")
def test_links_lead_to_the_gateway_where_there_is_one(handed_in, place):
    place(gateway_url="http://127.0.0.1:8888/")

    fuse_cbct(**handed_in, wait="inline")

    shown = artifact("fusion-viewer-case-1").data
    assert "http://127.0.0.1:8888/files/fusions/case-1/viewer.html" in shown


@pytest.mark.usefixtures("undrawn")
def test_a_short_job_can_be_waited_for(vendor, handed_in):
    assert fuse_cbct(**handed_in, wait="inline") == results()

    assert (results() / "fusion.json").exists()
    assert vendor.paid == 1
    again = fuse_cbct(**handed_in, return_state=True)
    assert (again.name, vendor.paid) == ("AlreadyDone", 1)
    assert "fusions/case-1" in str(again.message)
    assert "data:image/png" in artifact("fusion-case-1").data  # the picture is still what is shown
    assert "progress" not in {row.type for row in artifacts_of(again)}  # nothing was sent


@pytest.mark.usefixtures("undrawn")
def test_a_damaged_mesh_is_left_out_and_told_before_the_files(vendor, handed_in):
    vendor.plan("result", "nan")

    fuse_cbct(**handed_in, wait="inline")

    page = artifact("fusion-case-1")
    assert "meshes collected, 1 damaged and left out" in page.description
    assert page.data.index("**teeth 11: the mesh has vertices") < page.data.index("| group |")


@pytest.mark.usefixtures("undrawn")
def test_a_run_that_the_vendor_fails_is_told_with_its_reason(vendor, handed_in):
    vendor.plan("result", "failed no upper teeth")
    fuse_cbct(**handed_in)

    state = collect_fusion("case-1", return_state=True)

    assert state.is_failed()
    assert "no upper teeth" in str(state.message)
    assert "submit_again" in str(state.message)
    assert fuse_cbct(**handed_in, return_state=True).is_failed()
    assert vendor.paid == 1
    assert fuse_cbct(**handed_in, submit_again=True, return_state=True).name == "Submitted"
    assert vendor.paid == 2


def test_what_is_wrong_is_refused_before_anything_is_sent(vendor, handed_in, tmp_path):
    broken = tmp_path / "Miller John.stl"
    broken.write_bytes(b"solid Miller John\nendsolid")

    state = fuse_cbct(**{**handed_in, "upper_scan": broken}, return_state=True)

    with pytest.raises(InputError, match="upper"):
        state.result()
    assert vendor.paid == 0
    assert sum(vendor.counts.values()) == 0
    said = anyio.run(everything_said, state.state_details.flow_run_id)
    assert "Miller" not in said.replace(str(broken), "")  # the path is a parameter of the person's


@pytest.mark.usefixtures("undrawn")
def test_a_lost_answer_waits_for_a_person_who_adopts(vendor, handed_in):
    vendor.plan("run", "lost")
    state = fuse_cbct(**handed_in, return_state=True)
    assert not state.is_completed() or state.name == "Uncertain"
    assert fuse_cbct(**handed_in, return_state=True).name == "Uncertain"
    assert vendor.paid == 1

    assert resolve_fusion() == 1
    (row,) = json.loads(artifact("fusions-uncertain").data)
    assert row["case"] == "case-1"
    (run,) = vendor.runs
    assert resolve_fusion("case-1", "adopt", run.run_id, "A. Physicist") == 0

    assert the_job().state is JobState.SUBMITTED
    assert collect_fusion("case-1") == results()
    assert vendor.paid == 1


def test_a_run_that_the_vendor_does_not_have_is_not_adopted(vendor, handed_in):
    vendor.plan("run", "lost")
    fuse_cbct(**handed_in, return_state=True)

    with pytest.raises(ImagingError):
        resolve_fusion("case-1", "adopt", "run-of-nobody")
    with pytest.raises(InputError, match="id"):
        resolve_fusion("case-1", "adopt")

    assert the_job().state is JobState.UNCERTAIN


def test_a_released_submission_is_paid_for_again_by_the_next_run(vendor, handed_in):
    vendor.plan("run", "lost")
    fuse_cbct(**handed_in, return_state=True)

    resolve_fusion("case-1", "release", reviewer="A. Physicist")

    assert the_job().state is JobState.RELEASED
    assert (
        "run fuse-cbct again (released by A. Physicist). Submissions"
        in artifact("fusions-uncertain").description
    )
    assert fuse_cbct(**handed_in, return_state=True).name == "Submitted"
    assert vendor.paid == 2


@pytest.mark.usefixtures("undrawn")
def test_what_is_paid_for_and_of_no_use_is_ended_by_a_person(vendor, handed_in):
    fuse_cbct(**handed_in)
    vendor.plan("data", 404)
    assert collect_fusion("case-1", return_state=True).is_failed()

    assert resolve_fusion() == 1
    (row,) = json.loads(artifact("fusions-uncertain").data)
    assert (row["state"], row["run id"]) == ("COMPLETED", vendor.runs[0].run_id)
    with pytest.raises(InputError, match="paid for twice"):
        resolve_fusion("case-1", "release")
    assert resolve_fusion("case-1", "give-up", reviewer="A. Physicist") == 0

    given_up = fuse_cbct(**handed_in, return_state=True)
    assert given_up.is_failed()
    assert "given up by A. Physicist" in str(given_up.message)
    assert vendor.paid == 1
    assert fuse_cbct(**handed_in, submit_again=True, return_state=True).name == "Submitted"
    assert vendor.paid == 2


def test_more_than_the_account_may_spend_is_not_submitted(vendor, handed_in, place, tmp_path):
    place(fusion_runs_per_day=1)
    fuse_cbct(**handed_in)
    other = trimesh.load_mesh(handed_in["upper_scan"])
    other.apply_scale(1.01)
    other.export(tmp_path / "other.stl")

    state = fuse_cbct(**{**handed_in, "upper_scan": tmp_path / "other.stl"}, return_state=True)

    assert state.is_failed()
    with pytest.raises(ImagingError, match="1"):
        state.result()
    assert vendor.paid == 1


@pytest.mark.usefixtures("undrawn")
def test_no_token_and_no_signed_address_is_kept_by_prefect(vendor, handed_in, caplog):
    caplog.set_level("DEBUG")
    vendor.plan("put", 403, 503)
    vendor.plan("download", 500)

    state = fuse_cbct(**handed_in, wait="inline", return_state=True)

    assert state.is_completed()
    said = anyio.run(everything_said, state.state_details.flow_run_id)
    shown = artifact("fusion-case-1").data + artifact("fusion-checks-case-1").data
    token = vendor.connection_fields()["token"]
    for text in (said, shown, caplog.text):
        assert token not in text
        assert "Signature=" not in text
        assert "Expires=" not in text
    assert httpx.URL(vendor.url).host == "127.0.0.1"
