"""What the vendor made lies whole in the folder, once, and says what it is."""

import json
import os
import shutil
from dataclasses import replace

import pytest

from imaging.errors import InputError
from imaging.fusion.journey import Collected, JobState
from tests.imaging.fusion.journey.lab import Lab

OUTPUTS = {"teeth", "root", "fusion", "reconstructions", "cbct_lower_jaw", "cbct_upper_jaw"}


@pytest.fixture
def key(lab, prepared):
    """A job whose run is done."""
    return lab.submit(prepared).key


def contents(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_job_that_is_done_is_collected_whole(lab, key):
    done = lab.collect(key)

    assert isinstance(done, Collected)
    assert {group.name for group in done.groups} == {
        "fusion", "reconstructions", "upper", "lower", "teeth", "root",
    }  # fmt: skip
    assert {row["output"] for row in done.metrics} == OUTPUTS
    assert done.folder.viewer.is_file()
    assert done.folder.metrics.is_file()
    assert done.notes == ()
    assert lab.job(key).collected > 0


def test_the_record_lists_every_mesh_as_it_was_delivered(lab, key):
    done = lab.collect(key)

    about = json.loads(done.folder.about.read_text())
    assert {mesh["output"] for mesh in about["delivered"]} == OUTPUTS
    for mesh in about["delivered"]:
        path = done.folder.delivered / mesh["output"] / f"{mesh['name']}.{mesh['type']}"
        assert path.stat().st_size == mesh["bytes"]
    assert (about["case"], about["key"]) == ("case-1", key)


def test_no_temporary_file_is_left(lab, key):
    done = lab.collect(key)

    assert [path for path in done.folder.path.rglob("*") if ".part" in path.name] == []


def test_a_second_call_asks_for_nothing_and_returns_the_same(lab, key):
    first = lab.collect(key)
    asked = dict(lab.vendor.counts)

    second = lab.collect(key)

    assert dict(lab.vendor.counts) == asked
    assert (second.groups, second.metrics, second.notes) == (
        first.groups,
        first.metrics,
        first.notes,
    )


def test_results_that_a_person_removed_are_collected_again_and_not_paid_again(lab, key):
    first = contents(lab.collect(key).folder.delivered)
    shutil.rmtree(lab.root / "fusions")

    again = lab.collect(key)

    assert contents(again.folder.delivered) == first
    assert lab.vendor.paid == 1


def test_a_run_that_goes_on_has_nothing_to_collect(tmp_path, patient_files):
    with Lab(tmp_path, patient_files, options=replace(Lab.options, seconds=1e9)) as lab:
        job = lab.collect(lab.submit(lab.prepare()).key)

    assert job.state is JobState.SUBMITTED


def test_a_callback_while_the_vendor_is_asked_has_it_asked_again(slow_lab, monkeypatch):
    key = slow_lab.submit(slow_lab.prepare()).key
    status = slow_lab.client.status

    def early(run_id):
        answer = status(run_id)
        if slow_lab.vendor.counts["status"] == 1:
            slow_lab.vendor.finish()
            slow_lab.ledger.rang(key)
        return answer

    monkeypatch.setattr(slow_lab.client, "status", early)

    assert isinstance(slow_lab.collect(key), Collected)


def test_a_run_that_failed_has_nothing_to_collect(lab, prepared):
    lab.vendor.plan("result", "failed")

    job = lab.collect(lab.submit(prepared).key)

    assert job.state is JobState.FAILED
    assert not (lab.root / "fusions").exists()


def test_an_unknown_job_is_an_error(lab):
    with pytest.raises(InputError, match="knows no job"):
        lab.collect("0" * 64)


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("as_list", [False, True])
def test_however_the_vendor_answers_the_meshes_are_found(tmp_path, patient_files, nested, as_list):
    options = replace(Lab.options, nested=nested, jaws_as_list=as_list)
    with Lab(tmp_path, patient_files, options) as lab:
        done = lab.collect(lab.submit(lab.prepare()).key)

    assert {row["output"] for row in done.metrics} == OUTPUTS


def test_a_machine_that_cannot_draw_still_hands_over_the_meshes(lab, key):
    def cannot(*_):
        msg = "no engine"
        raise InputError(msg)

    done = lab.collect(key, draw=cannot)

    assert done.overview is None
    assert done.notes == ("no pictures: no engine",)


def test_pictures_are_the_record_s_and_the_overview_is_the_last(lab, key):
    def draw(_, folder):
        folder.mkdir(parents=True)
        made = [folder / "front.png", folder / "overview.png"]
        for path in made:
            path.write_bytes(b"PNG")
        return made

    lab.collect(key, draw=draw)

    assert lab.collect(key).overview.name == "overview.png"


def test_compressed_scenes_are_written_where_the_request_says_so(lab, prepared):
    key = lab.submit(prepared, request={"draco": True}).key

    done = lab.collect(key)

    assert all(group.compact and group.compact.is_file() for group in done.groups)


def test_results_of_a_case_are_for_other_programs_of_the_machine_too(lab, key):
    done = lab.collect(key)

    assert done.folder.about.stat().st_mode & 0o444 == 0o444 & ~os.umask(os.umask(0o022))
