import pytest

from imaging.orthanc import OrthancArchive
from tests.imaging.dicom.instances import dicom_bytes, image
from tests.imaging.orthanc.fakes import FakeOrthanc, contents, multipart, part
from tests.imaging.orthanc.servers import serving


def test_a_series_comes_in_one_stream(fake, faked, tmp_path):
    told = []

    size = faked.fetch(fake.series, tmp_path, on_file=lambda row, path: told.append((row, path)))

    assert contents(tmp_path) == fake.files
    assert size == sum(map(len, fake.files.values()))
    assert fake.fetched_singly() == []
    assert [row.sop_instance_uid for row, _ in told] == fake.uids
    assert all(path.name == f"{row.sop_instance_uid}.dcm" for row, path in told)


def test_parts_larger_than_the_buffer_come_whole(tmp_path):
    fake = FakeOrthanc([image(side=600) for _ in range(4)])

    with serving(fake) as url:
        faked = OrthancArchive(url)
        faked.fetch(fake.series, tmp_path)
        faked._has_dicomweb = False
        faked.fetch(fake.series, tmp_path / "singly")
        faked.close()

    assert min(map(len, fake.files.values())) > 700_000
    assert contents(tmp_path / "singly") == fake.files
    (tmp_path / "singly").rename(tmp_path.parent / f"{tmp_path.name}-singly")
    assert contents(tmp_path) == fake.files


@pytest.mark.parametrize(
    "wado",
    [
        pytest.param(lambda files: multipart(*map(part, files[:3])), id="parts-missing"),
        pytest.param(
            lambda files: multipart(*map(part, files[:3]), part(files[3], len(files[3]) + 9)),
            id="a-lie-about-the-length",
        ),
        pytest.param(
            lambda files: multipart(*map(part, files[:3]), part(files[3])[:-200], end=b""),
            id="cut-inside-a-part",
        ),
        pytest.param(
            lambda files: multipart(part(dicom_bytes(image())), *map(part, files[1:])),
            id="a-stranger-among-them",
        ),
        pytest.param(
            lambda files: multipart(part(bytes(len(files[0]))), *map(part, files[1:])),
            id="not-dicom",
        ),
        pytest.param(
            lambda files: multipart(part(files[0] + b"\0\0"), *map(part, files[1:])),
            id="another-size-than-listed",
        ),
        pytest.param(lambda files: multipart(*map(part, [*files, files[0]])), id="one-twice"),
        pytest.param(lambda _: (200, {"Content-Type": "text/html"}, b"<html>"), id="no-multipart"),
        pytest.param(lambda _: (404, {}, b""), id="unknown-to-dicomweb"),
        pytest.param(lambda _: (406, {}, b""), id="not-acceptable"),
        pytest.param(lambda _: (500, {}, b""), id="a-fault-of-the-plugin"),
    ],
)
def test_what_the_stream_lacks_is_fetched_singly(fake, faked, tmp_path, wado):
    fake.wado = wado

    faked.fetch(fake.series, tmp_path)

    assert contents(tmp_path) == fake.files
    assert 0 < len(fake.fetched_singly()) <= 5


def test_a_missing_closing_boundary_is_noticed_though_every_part_came(
    fake, faked, tmp_path, caplog
):
    fake.wado = lambda files: multipart(*map(part, files), end=b"")

    faked.fetch(fake.series, tmp_path)

    assert "without its closing boundary" in caplog.text
    assert contents(tmp_path) == fake.files
    assert fake.fetched_singly() == []


@pytest.mark.parametrize("status", [404, 500])
def test_logs_tell_counts_and_no_uid(fake, faked, tmp_path, caplog, status):
    caplog.set_level("DEBUG")
    fake.wado = lambda _: (status, {}, b"")

    faked.fetch(fake.series, tmp_path)

    assert "fetching 5 instances singly" in caplog.text
    for uid in (fake.series.series_instance_uid, fake.series.study_instance_uid):
        assert uid not in caplog.text


def test_only_what_the_stream_lacks_is_fetched_singly(fake, faked, tmp_path):
    fake.wado = lambda files: multipart(*map(part, files[:3]), end=b"")

    faked.fetch(fake.series, tmp_path)

    assert fake.fetched_singly() == sorted(fake.uids[3:])


def test_without_dicomweb_it_is_asked_for_once_per_archive(fake, faked, tmp_path):
    fake.wado = lambda _: (404, {}, b"")
    fake.plugins = b"[]"

    faked.fetch(fake.series, tmp_path / "1")
    faked.fetch(fake.series, tmp_path / "2")

    assert contents(tmp_path / "2") == fake.files
    assert sum(path.startswith("/dicom-web/") for path in fake.paths) == 1


def test_one_series_unknown_to_dicomweb_does_not_end_its_use(fake, faked, tmp_path):
    fake.wado = lambda _: (404, {}, b"")
    faked.fetch(fake.series, tmp_path / "1")
    fake.wado = FakeOrthanc.wado

    faked.fetch(fake.series, tmp_path / "2")

    assert sum(path.startswith("/dicom-web/") for path in fake.paths) == 2
    assert len(fake.fetched_singly()) == 5


def test_a_few_of_many_are_fetched_singly(fake, faked, tmp_path):
    faked.fetch(fake.series, tmp_path, fake.series.instances[1:3])

    assert sorted(contents(tmp_path)) == sorted(fake.uids[1:3])
    assert fake.paths[0] == "/system"
    assert len(fake.paths) == 3


def test_most_of_many_are_taken_from_the_stream(fake, faked, tmp_path):
    faked.fetch(fake.series, tmp_path, fake.series.instances[1:])

    assert sorted(contents(tmp_path)) == sorted(fake.uids[1:])
    assert fake.fetched_singly() == []


def test_nothing_wanted_is_nothing_asked(fake, faked, tmp_path):
    assert faked.fetch(fake.series, tmp_path, []) == 0
    assert fake.paths == ["/system"]
