import subprocess
import sys
import threading
import time
import tracemalloc
from contextlib import closing

import pytest

from deployments.orthanc_server import OrthancServer
from imaging.errors import DicomError, InstanceGoneError, RemoteUnavailableError, SettingError
from imaging.orthanc import OrthancArchive
from imaging.orthanc.transport import Request
from imaging.phantoms import Cohort, PhantomSize
from tests.imaging.dicom.instances import dicom_bytes, image, only_series, write, write_series
from tests.imaging.orthanc.servers import Proxy

pytestmark = pytest.mark.orthanc


def test_every_byte_comes_back_as_it_was_stored(archive, tmp_path):
    cohort = Cohort(seed=3, size=PhantomSize.tiny())
    cohort.add()
    paths = cohort.write(tmp_path / "in")
    count = archive.upload(paths)

    (row,) = archive.patients(["SUB001"])
    size = sum(archive.fetch(series, tmp_path / "out") for series in row.series)

    assert count == len(paths)
    assert size == sum(path.stat().st_size for path in paths)
    found = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert found == {path.name: path.read_bytes() for path in paths}


def test_without_the_plugin_the_same_bytes_come(orthanc_program, tmp_path):
    paths = write_series(tmp_path / "in", 6)
    server = OrthancServer(tmp_path / "orthanc", plugins=False, program=orthanc_program)
    server.start()
    with Proxy(server.url) as proxy:
        archive = OrthancArchive(proxy.url, server.user, server.password)
        archive.upload(paths)
        series = only_series(archive, "P1")
        for number in range(2):
            archive.fetch(series, tmp_path / str(number))
        archive.close()
    server.kill()

    found = {path.name: path.read_bytes() for path in (tmp_path / "1").iterdir()}
    assert found == {path.name: path.read_bytes() for path in paths}
    assert proxy.count("GET /dicom-web/") == 1
    assert proxy.count(r"GET /instances/[-\w]+/file") == 12


def test_a_stream_is_one_request(proxied, proxy, tmp_path):
    proxied.upload(write_series(tmp_path / "in", 6, patient_id="ONESTREAM"))
    series = only_series(proxied, "ONESTREAM")
    proxy.requests.clear()

    proxied.fetch(series, tmp_path / "out")

    assert [request.split("/")[1] for request in proxy.requests] == ["dicom-web"]


def test_a_series_found_in_two_patients_is_fetched_by_orthanc_id(archive, tmp_path):
    uids = [f"1.2.826.77.{number}" for number in range(4)]
    for name in ("PAIR1", "PAIR2"):
        archive.upload(
            write(
                image(
                    patient_id=name,
                    StudyInstanceUID="1.2.826.77",
                    SeriesInstanceUID="1.2.826.78",
                    SOPInstanceUID=uid,
                ),
                tmp_path / name,
            )
            for uid in uids
        )

    archive.fetch(only_series(archive, "PAIR2"), tmp_path / "out")

    assert archive._has_dicomweb
    for uid in uids:
        expected = (tmp_path / "PAIR2" / f"{uid}.dcm").read_bytes()
        assert (tmp_path / "out" / f"{uid}.dcm").read_bytes() == expected


def test_an_instance_deleted_after_listing_is_gone_and_the_others_come(archive, tmp_path):
    archive.upload(write_series(tmp_path / "in", 6, patient_id="DELETED"))
    series = only_series(archive, "DELETED")
    victim = series.instances[2]
    with archive._client._transport.exchange(
        Request("DELETE", f"/instances/{victim.locator}")
    ) as body:
        body.read()

    with pytest.raises(InstanceGoneError) as caught:
        archive.fetch(series, tmp_path / "out")

    assert caught.value.uids == [victim.sop_instance_uid]
    assert {path.stem for path in (tmp_path / "out").iterdir()} == {
        row.sop_instance_uid for row in series.instances if row != victim
    }


@pytest.fixture(params=[True, False], ids=["stream", "singly"])
def mortal(request, orthanc_program, tmp_path):
    """A server to be killed, that holds a series of 20 MB; yields it and the files."""
    server = OrthancServer(tmp_path / "orthanc", plugins=request.param, program=orthanc_program)
    server.start()
    paths = write_series(tmp_path / "in", 40, side=512)
    archive = OrthancArchive(server.url, server.user, server.password)
    archive.upload(paths)
    archive.close()
    yield server, {path.name: path.read_bytes() for path in paths}
    server.kill()


def fetch_series(server, url, out, **what) -> list[str]:
    """Fetch the series; returns the UIDs that came."""
    came: list[str] = []
    archive = OrthancArchive(url, server.user, server.password)
    with closing(archive):
        series = only_series(archive)
        archive.fetch(series, out, on_file=lambda row, _: came.append(row.sop_instance_uid), **what)
    return came


def test_orthanc_killed_in_the_middle_leaves_whole_files_and_the_rest_can_follow(mortal, tmp_path):
    server, expected = mortal
    out = tmp_path / "out"
    killed = threading.Event()

    def kill_at_8_mb(answered: int) -> None:
        if answered > 8_000_000 and not killed.is_set():
            killed.set()
            server.kill()

    with Proxy(server.url, kill_at_8_mb) as proxy, pytest.raises(RemoteUnavailableError):
        fetch_series(server, proxy.url, out)
    whole = {path.name: path.read_bytes() for path in out.iterdir()}
    assert 0 < len(whole) < 40
    assert whole.items() <= expected.items()

    server.start()
    with closing(OrthancArchive(server.url, server.user, server.password)) as archive:
        series = only_series(archive)
        missing = [row for row in series.instances if f"{row.sop_instance_uid}.dcm" not in whole]
    came = fetch_series(server, server.url, out, instances=missing)

    assert sorted(came) == sorted(row.sop_instance_uid for row in missing)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == expected


_FETCH = """
import sys
from pathlib import Path
from imaging.orthanc import OrthancArchive

url, user, password, out = sys.argv[1:]
archive = OrthancArchive(url, user, password)
(row,) = archive.patients(["KILLED"])
archive.fetch(row.series[0], Path(out))
"""


def test_a_client_that_is_killed_leaves_whole_files_under_final_names(orthanc, archive, tmp_path):
    paths = write_series(tmp_path / "in", 4, side=2000, patient_id="KILLED")
    archive.upload(paths)
    expected = {path.name: path.read_bytes() for path in paths}
    out = tmp_path / "out"
    killed = threading.Event()

    def hold_at_12_mb(answered: int) -> None:
        if answered > 12_000_000:
            killed.wait(600)

    with Proxy(orthanc.url, hold_at_12_mb) as proxy:
        client = subprocess.Popen(
            [sys.executable, "-c", _FETCH, proxy.url, orthanc.user, orthanc.password, out]
        )
        until = time.monotonic() + 240
        while client.poll() is None and time.monotonic() < until:
            if any(out.glob("*.dcm")) and any(out.glob("*.part")):
                break
            time.sleep(0.01)
        client.kill()
        client.wait()
        killed.set()
    left = {path.name: path.read_bytes() for path in out.iterdir()}

    assert any(name.endswith(".part") for name in left)
    assert {name: left[name] for name in left if name.endswith(".dcm")}.items() <= expected.items()

    archive.fetch(only_series(archive, "KILLED"), out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == expected


@pytest.mark.parametrize("by_stream", [True, False])
def test_memory_does_not_grow_with_the_file(archive, tmp_path, by_stream):
    name = f"LARGE{by_stream}"
    paths = write_series(tmp_path / "in", 3, side=2500, patient_id=name)
    archive.upload(paths)
    series = only_series(archive, name)
    archive._has_dicomweb = by_stream

    tracemalloc.start()
    size = archive.fetch(series, tmp_path / "out")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size > 37_000_000
    assert peak < 4_000_000


def test_a_file_that_orthanc_refuses_is_named_by_its_uid(archive, tmp_path):
    dataset = image(patient_id="REFUSED", PatientName="Secret^Name")
    path = tmp_path / "Secret_Name.dcm"
    path.write_bytes(dicom_bytes(dataset)[:-5])

    with pytest.raises(DicomError, match="400") as caught:
        archive.upload([path])

    assert caught.value.uid == dataset.SOPInstanceUID
    assert "ecret" not in str(caught.value)


def test_uploading_twice_is_harmless(archive, tmp_path):
    paths = write_series(tmp_path, 3, patient_id="TWICE")

    assert archive.upload(paths) == archive.upload(paths) == 3
    assert len(only_series(archive, "TWICE").instances) == 3


def test_uploading_with_a_wrong_password_names_the_setting(orthanc, tmp_path):
    archive = OrthancArchive(orthanc.url, orthanc.user, "wrong")

    with pytest.raises(SettingError, match="IMAGING_ORTHANC_PASSWORD"):
        archive.upload(write_series(tmp_path, 2))

    archive.close()
