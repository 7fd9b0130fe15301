"""What the vendor made lies whole in the folder, once, whatever went wrong on the way."""

import json
import os
import resource
import shutil
import threading
from dataclasses import replace

import pytest

from imaging.errors import InputError, MeshError, RemoteRejectedError, RemoteUnavailableError
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


@pytest.mark.parametrize("fault", ["empty", "nan"])
def test_a_damaged_mesh_is_noted_and_the_others_go_on(lab, prepared, fault):
    lab.vendor.plan("result", fault)

    done = lab.collect(lab.submit(prepared).key)

    assert len(done.notes) == sum(bool(row["note"]) for row in done.metrics) > 0
    assert len(done.groups) == 6


def test_tricks_in_names_and_urns_lead_nowhere_else(lab, prepared, tmp_path):
    lab.vendor.plan("result", "tricks")

    done = lab.collect(lab.submit(prepared).key)

    inside = {lab.root / "fusions", lab.root / ".fusion"}
    for path in tmp_path.rglob("*"):
        assert path == lab.root or any(path.is_relative_to(place) for place in inside)
    assert done.groups


def test_a_download_that_is_cut_short_is_fetched_again(lab, key):
    lab.vendor.plan("download", "short", "short")

    assert isinstance(lab.collect(key), Collected)


def test_a_vendor_that_goes_away_in_between_leaves_whole_meshes_that_are_kept(lab, key):
    lab.vendor.plan("download", None, None, None, *[503] * 60)
    with pytest.raises(RemoteUnavailableError):
        lab.collect(key)
    job = lab.job(key)
    assert (job.state, job.collected) == (JobState.COMPLETED, 0)
    assert [due.key for due in lab.ledger.to_collect()] == [key]
    whole = set((lab.root / "fusions" / job.folder / "delivered").rglob("*.ply"))
    assert whole
    fresh = {path: path.stat().st_ino for path in whole}
    while lab.vendor._plans.take("download"):
        pass

    done = lab.collect(key)

    assert isinstance(done, Collected)
    assert {path: path.stat().st_ino for path in whole} == fresh


def test_a_mesh_that_is_not_handed_out_is_noted(lab, key):
    lab.vendor.plan("download", 404)

    done = lab.collect(key)

    assert len([note for note in done.notes if "not fetched" in note]) == 1


def test_a_vendor_that_hands_out_nothing_is_refused_and_said(lab, key):
    lab.vendor.plan("download", *[404] * 100)

    with pytest.raises(RemoteRejectedError, match="none of the meshes"):
        lab.collect(key)

    assert lab.job(key).reason == "the vendor hands out none of the meshes"


def test_a_file_that_was_damaged_since_is_fetched_again(lab, key):
    lab.vendor.plan("status", None)
    first = lab.collect(key)
    victim = next(first.folder.delivered.rglob("*.ply"))
    good = victim.read_bytes()
    victim.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    first.folder.about.unlink()

    lab.collect(key)

    assert victim.read_bytes() == good


def test_when_all_meshes_are_damaged_the_job_stays_to_be_collected(lab, key, monkeypatch):
    def none_good(*_, **__):
        msg = "none of 3 delivered meshes is good"
        raise MeshError(msg)

    monkeypatch.setattr("imaging.fusion.journey.collecting.assemble", none_good)
    with pytest.raises(MeshError):
        lab.collect(key)

    assert lab.job(key).collected == 0
    assert not list((lab.root / "fusions").rglob("fusion.json"))


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


def test_a_disk_that_is_full_leaves_no_half_file_and_a_job_to_collect(lab, key):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))
    try:
        with pytest.raises((InputError, RemoteUnavailableError)) as caught:
            lab.collect(key)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    lab.clock.sleep(1000)

    assert str(lab.root) not in str(caught.value)
    assert not list(lab.root.rglob("*.part*"))
    assert not list(lab.root.rglob("fusion.json"))
    assert isinstance(lab.collect(key), Collected)


def test_two_who_collect_at_once_fetch_each_mesh_once(lab, key):
    results = []
    begun = threading.Event()

    def hold(*_):
        begun.set()

    threads = [
        threading.Thread(target=lambda: results.append(lab.collect(key, progress=hold)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(results) == 2
    assert lab.job(key).collections == 1
    assert lab.vendor.counts["data"] == 1


def test_a_worker_whose_collection_was_taken_over_stops(lab, key):
    def taken_over(step, _):
        if step == "assembled":
            lab.clock.sleep(10_000)
            assert isinstance(lab.collect(key), Collected)

    with pytest.raises(InputError):
        lab.collect(key, progress=taken_over)

    assert lab.job(key).collected > 0
    assert isinstance(lab.collect(key), Collected)


def test_another_worker_that_is_at_it_is_left_alone(lab, key):
    def meanwhile(step, _):
        if step == "assembled":
            assert lab.collect(key).state is JobState.COMPLETED

    assert isinstance(lab.collect(key, progress=meanwhile), Collected)
    assert lab.job(key).collections == 1


def test_a_job_that_ran_twice_has_the_meshes_of_its_last_run(lab, prepared):
    job = lab.submit(prepared)
    folder = lab.root / "fusions" / job.folder / "delivered" / "fusion"
    folder.mkdir(parents=True)
    (folder / "99.ply").write_bytes(b"of an earlier run")

    lab.collect(job.key)

    assert not (folder / "99.ply").exists()


def test_results_of_a_case_are_for_other_programs_of_the_machine_too(lab, key):
    done = lab.collect(key)

    assert done.folder.about.stat().st_mode & 0o444 == 0o444 & ~os.umask(os.umask(0o022))
