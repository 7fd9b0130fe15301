"""A real Orthanc that dies, or loses an instance, while a cohort is extracted from it."""

import contextlib

import httpx
import pytest

from flows.extract_cohort import extract_cohort
from imaging.cohort import CohortFailedError, CohortFolder, read_manifest
from imaging.orthanc import OrthancArchive
from imaging.phantoms import Cohort, PhantomSize
from imaging.settings import settings
from tasks.cohort import choose_patients, decide_batch, retrieve_patients
from tests.imaging.cohort.fakes import FILES_ONLY
from tests.imaging.orthanc.servers import Proxy

pytestmark = pytest.mark.orthanc

SIZE = PhantomSize(32, 256, 1.25, 4.5, 60, (36, 46, 46))  # 4 MB of CT: long enough to be hit


@pytest.fixture
def server(empty_orthanc, place, tmp_path, monkeypatch):
    """An Orthanc of this test alone, with five patients who are right in every respect."""
    for step in (choose_patients, decide_batch, retrieve_patients):
        monkeypatch.setattr(step, "retry_delay_seconds", 0.1)  # it does not come back by itself
    cohort = Cohort(seed=3, size=SIZE)
    for _ in range(5):
        cohort.add()
    files = cohort.write(tmp_path / "phantoms")
    with contextlib.closing(_archive(empty_orthanc)) as archive:
        archive.upload(files)
    place(
        orthanc_url=empty_orthanc.url,
        orthanc_user=empty_orthanc.user,
        orthanc_password=empty_orthanc.password,
        timeout_s=10,
    )
    return empty_orthanc, {path.stem: path for path in files}


def _archive(server):
    return OrthancArchive(server.url, server.user, server.password)


def _on_disk():
    cohort = CohortFolder.named("fault", settings().data_root)
    return {path.stem: path for path in (cohort.root / "patients").rglob("*.dcm")}


def test_orthanc_killed_in_the_middle_leaves_whole_files_and_the_next_run_the_rest(server, place):
    orthanc, sources = server

    def kill_at_first_file(_answered):
        if orthanc.pid is not None and _on_disk():
            orthanc.kill()

    with Proxy(orthanc.url, kill_at_first_file) as proxy:
        place(orthanc_url=proxy.url)
        with contextlib.suppress(CohortFailedError):
            extract_cohort("fault", specification=FILES_ONLY, max_failed_percent=100)

    survived = _on_disk()
    lost = read_manifest(CohortFolder.named("fault", settings().data_root).manifest)
    assert 0 < len(survived) < len(sources)
    assert all(path.read_bytes() == sources[uid].read_bytes() for uid, path in survived.items())
    assert lost["codes"].str.contains("_EXEC_013").any()
    assert not lost["codes"].str.contains("_EXEC_016").any()

    orthanc.start()
    place(orthanc_url=orthanc.url)  # another one, where its port was taken meanwhile
    healed = read_manifest(extract_cohort("fault", specification=FILES_ONLY))

    assert set(healed["outcome"]) == {"PROCEED"}
    assert healed["fetched"].sum() == len(sources) - len(survived)
    assert {uid: p.read_bytes() for uid, p in _on_disk().items()} == {
        uid: p.read_bytes() for uid, p in sources.items()
    }


def test_an_instance_deleted_between_listing_and_retrieval_is_noted(server, monkeypatch):
    orthanc, sources = server
    victim = next(uid for uid, path in sources.items() if path.parent.name == "CT")
    fetch = OrthancArchive.fetch

    def delete_then_fetch(archive, series, *args, **kwargs):
        if any(row.sop_instance_uid == victim for row in series.instances):
            _delete(orthanc, victim)
        return fetch(archive, series, *args, **kwargs)

    monkeypatch.setattr(OrthancArchive, "fetch", delete_then_fetch)
    table = read_manifest(extract_cohort("fault", specification=FILES_ONLY))

    assert sorted(table["outcome"]) == ["EXCLUDE", *["PROCEED"] * 4]
    assert table["codes"].str.contains("XI_EXEC_011").sum() == 1
    assert victim not in _on_disk()
    assert len(_on_disk()) == len(sources) - 1

    monkeypatch.undo()
    place_again = read_manifest(extract_cohort("fault", specification=FILES_ONLY))

    assert place_again["fetched"].sum() == 0
    assert "II_REV" in place_again.loc[table["outcome"] == "EXCLUDE", "codes"].iloc[0]


def test_a_study_that_grows_during_retrieval_is_for_review_and_whole_after_the_next_run(
    server, monkeypatch
):
    orthanc, sources = server
    late = next(path for path in sources.values() if path.parent.name == "CT")
    siblings = {path.stem for path in late.parent.iterdir()}
    _delete(orthanc, late.stem)
    fetch = OrthancArchive.fetch

    def arrive_then_fetch(archive, series, *args, **kwargs):
        if any(row.sop_instance_uid in siblings for row in series.instances):
            archive.upload([late])
        return fetch(archive, series, *args, **kwargs)

    monkeypatch.setattr(OrthancArchive, "fetch", arrive_then_fetch)
    grown = read_manifest(extract_cohort("fault", specification=FILES_ONLY))
    monkeypatch.undo()
    whole = read_manifest(extract_cohort("fault", specification=FILES_ONLY))

    assert sorted(grown["outcome"]) == [*["PROCEED"] * 4, "REVIEW"]
    assert grown["codes"].str.contains("I_REV_003").sum() == 1
    assert set(whole["outcome"]) == {"PROCEED"}
    assert whole["fetched"].sum() == 1
    assert _on_disk().keys() == sources.keys()


def _delete(orthanc, uid):
    auth = (orthanc.user, orthanc.password)
    with httpx.Client(base_url=orthanc.url, auth=auth, timeout=60) as http:
        query = {"Level": "Instance", "Query": {"SOPInstanceUID": uid}}
        for orthanc_id in http.post("/tools/find", json=query).json():
            http.delete(f"/instances/{orthanc_id}").raise_for_status()
