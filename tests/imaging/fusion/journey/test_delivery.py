"""Meshes come whole or not at all, whatever vendor, disk or other workers do meanwhile."""

import hashlib
import json
import resource
import threading
from dataclasses import replace

import pytest

from imaging.errors import InputError, MeshError, RemoteRejectedError, RemoteUnavailableError
from imaging.fusion.journey import Collected, FusionClient, JobState
from tests.imaging.fusion.journey.lab import patient

OUTPUTS = {"teeth", "root", "fusion", "reconstructions", "cbct_lower_jaw", "cbct_upper_jaw"}


@pytest.fixture
def key(lab, prepared):
    """A job whose run is done."""
    return lab.submit(prepared).key


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


def test_a_run_delivers_no_more_than_is_allowed_for_all_its_meshes(lab, key):
    least = FusionClient(replace(lab.connection, most_gb=2e-5), sleep=patient)
    with least, pytest.raises(RemoteRejectedError, match="more than 2e-05 GB together"):
        lab.collect(key, client=least)

    job = lab.job(key)
    written = [path.stat().st_size for path in (lab.root / "fusions").rglob("*.ply")]
    assert sum(written) <= 20_000
    assert "IMAGING_FUSION_MOST_GB" in job.reason
    assert not job.collected
    with FusionClient(replace(lab.connection, most_gb=1), sleep=patient) as enough:
        assert isinstance(lab.collect(key, client=enough), Collected)


def test_after_a_loss_no_other_mesh_is_begun(lab, key, monkeypatch):
    monkeypatch.setattr("imaging.fusion.journey.delivery._CONNECTIONS", 1)
    begun = []

    def lost(self, mesh, target, **_):  # noqa: ARG001 - as the client's own
        begun.append(mesh.name)
        msg = "gone"
        raise RemoteUnavailableError(msg)

    monkeypatch.setattr(FusionClient, "download", lost)
    with pytest.raises(RemoteUnavailableError, match="gone"):
        lab.collect(key)

    assert len(begun) == 1


def test_a_file_that_was_damaged_since_is_fetched_again(lab, key):
    lab.vendor.plan("status", None)
    first = lab.collect(key)
    victim = next(first.folder.delivered.rglob("*.ply"))
    good = victim.read_bytes()
    victim.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    first.folder.about.unlink()

    lab.collect(key)

    assert victim.read_bytes() == good


def test_a_mesh_of_an_earlier_run_is_not_kept_under_the_same_name(lab, key):
    first = lab.collect(key)
    victim = next(first.folder.delivered.rglob("*.ply"))
    good = victim.read_bytes()
    victim.write_bytes(b"of an earlier run")
    receipt = first.folder.delivered / "receipt.json"
    content = json.loads(receipt.read_text())
    content["run_id"] = "earlier"
    for mesh in content["meshes"]:
        if (mesh["output"], mesh["name"]) == (victim.parent.name, victim.stem):
            mesh["sha256"] = hashlib.sha256(b"of an earlier run").hexdigest()
    receipt.write_text(json.dumps(content))
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
