from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from imaging.errors import DicomError, InstanceGoneError, RemoteUnavailableError, SettingError
from imaging.orthanc import OrthancArchive
from tests.imaging.dicom.instances import dicom_bytes, image
from tests.imaging.orthanc.fakes import FakeOrthanc, multipart, part
from tests.imaging.orthanc.servers import serving


@pytest.fixture
def fake():
    return FakeOrthanc()


@pytest.fixture
def archive(fake):
    with serving(fake) as url:
        opened = OrthancArchive(url, timeout_s=5)
        yield opened
        opened.close()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its UID; anything not under a final name fails the test."""
    assert all(path.suffix == ".dcm" for path in folder.iterdir())
    return {path.stem: path.read_bytes() for path in folder.iterdir()}


def test_a_series_comes_in_one_stream(fake, archive, tmp_path):
    told = []

    size = archive.fetch(fake.series, tmp_path, on_file=lambda row, path: told.append((row, path)))

    assert contents(tmp_path) == fake.files
    assert size == sum(map(len, fake.files.values()))
    assert fake.fetched_singly() == []
    assert [row.sop_instance_uid for row, _ in told] == fake.uids
    assert all(path.name == f"{row.sop_instance_uid}.dcm" for row, path in told)


def test_parts_larger_than_the_buffer_come_whole(tmp_path):
    fake = FakeOrthanc([image(side=600) for _ in range(4)])

    with serving(fake) as url:
        archive = OrthancArchive(url)
        archive.fetch(fake.series, tmp_path)
        archive._has_dicomweb = False
        archive.fetch(fake.series, tmp_path / "singly")
        archive.close()

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
def test_what_the_stream_lacks_is_fetched_singly(fake, archive, tmp_path, wado):
    fake.wado = wado

    archive.fetch(fake.series, tmp_path)

    assert contents(tmp_path) == fake.files
    assert 0 < len(fake.fetched_singly()) <= 5


def test_a_missing_closing_boundary_is_noticed_though_every_part_came(
    fake, archive, tmp_path, caplog
):
    fake.wado = lambda files: multipart(*map(part, files), end=b"")

    archive.fetch(fake.series, tmp_path)

    assert "without its closing boundary" in caplog.text
    assert contents(tmp_path) == fake.files
    assert fake.fetched_singly() == []


def test_only_what_the_stream_lacks_is_fetched_singly(fake, archive, tmp_path):
    fake.wado = lambda files: multipart(*map(part, files[:3]), end=b"")

    archive.fetch(fake.series, tmp_path)

    assert fake.fetched_singly() == sorted(fake.uids[3:])


def test_without_dicomweb_it_is_asked_for_once_per_archive(fake, archive, tmp_path):
    fake.wado = lambda _: (404, {}, b"")
    fake.plugins = b"[]"

    archive.fetch(fake.series, tmp_path / "1")
    archive.fetch(fake.series, tmp_path / "2")

    assert contents(tmp_path / "2") == fake.files
    assert sum(path.startswith("/dicom-web/") for path in fake.paths) == 1


def test_one_series_unknown_to_dicomweb_does_not_end_its_use(fake, archive, tmp_path):
    fake.wado = lambda _: (404, {}, b"")
    archive.fetch(fake.series, tmp_path / "1")
    fake.wado = FakeOrthanc.wado

    archive.fetch(fake.series, tmp_path / "2")

    assert sum(path.startswith("/dicom-web/") for path in fake.paths) == 2
    assert len(fake.fetched_singly()) == 5


def test_a_few_of_many_are_fetched_singly(fake, archive, tmp_path):
    archive.fetch(fake.series, tmp_path, fake.series.instances[1:3])

    assert sorted(contents(tmp_path)) == sorted(fake.uids[1:3])
    assert fake.paths[0] == "/system"
    assert len(fake.paths) == 3


def test_most_of_many_are_taken_from_the_stream(fake, archive, tmp_path):
    archive.fetch(fake.series, tmp_path, fake.series.instances[1:])

    assert sorted(contents(tmp_path)) == sorted(fake.uids[1:])
    assert fake.fetched_singly() == []


def test_nothing_wanted_is_nothing_asked(fake, archive, tmp_path):
    assert archive.fetch(fake.series, tmp_path, []) == 0
    assert fake.paths == ["/system"]


@pytest.mark.parametrize("by_stream", [True, False])
def test_an_instance_that_is_gone_is_told_after_the_others_came(fake, archive, tmp_path, by_stream):
    series = fake.series
    gone = fake.uids[1]
    del fake.files[gone]
    archive._has_dicomweb = by_stream

    with pytest.raises(InstanceGoneError) as caught:
        archive.fetch(series, tmp_path)

    assert caught.value.uids == [gone]
    assert contents(tmp_path) == fake.files


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param(lambda content: (200, {}, content[:-1]), id="shorter-than-listed"),
        pytest.param(lambda content: (200, {}, content + b"\0"), id="longer-than-listed"),
        pytest.param(lambda content: (200, {}, bytes(len(content))), id="not-dicom"),
        pytest.param(
            lambda content: (200, {}, content.replace(b"1.2.826", b"1.2.999")), id="another-uid"
        ),
    ],
)
def test_what_is_not_as_listed_is_told_after_the_others_came(fake, archive, tmp_path, spoilt):
    bad = fake.uids[2]
    fake.single = lambda uid, content: spoilt(content) if uid == bad else (200, {}, content)
    archive._has_dicomweb = False

    with pytest.raises(DicomError) as caught:
        archive.fetch(fake.series, tmp_path)

    assert caught.value.uid == bad
    assert contents(tmp_path) == {uid: fake.files[uid] for uid in fake.uids if uid != bad}


def test_a_file_that_ends_before_its_length_is_worth_trying_again(fake, archive, tmp_path):
    def short(_: str, content: bytes):
        return 200, {"Content-Length": str(len(content)), "Connection": "close"}, content[:-100]

    fake.single = short
    archive._has_dicomweb = False

    with pytest.raises(RemoteUnavailableError, match=r"of \d+ bytes came"):
        archive.fetch(fake.series, tmp_path)

    assert contents(tmp_path) == {}


def test_an_instance_that_orthanc_fails_over_does_not_keep_the_others(tmp_path):
    fake = FakeOrthanc([image() for _ in range(30)])
    lost = fake.uids[0]
    fake.single = lambda uid, content: (500, {}, b"") if uid == lost else (200, {}, content)
    fake.wado = lambda _: (500, {}, b"")

    with (
        serving(fake) as url,
        closing(OrthancArchive(url)) as archive,
        pytest.raises(RemoteUnavailableError, match="500"),
    ):
        archive.fetch(fake.series, tmp_path)

    assert sorted(contents(tmp_path)) == sorted(fake.uids[1:])


def test_a_file_whose_length_is_not_told_is_counted(fake, archive, tmp_path):
    fake.single = lambda _, content: (200, {"Content-Length": "", "Connection": "close"}, content)
    archive._has_dicomweb = False

    archive.fetch(fake.series, tmp_path)

    assert contents(tmp_path) == fake.files


def test_the_data_set_decides_where_the_meta_information_is_wrong(archive, fake, tmp_path):
    uid = fake.uids[0]
    wrong = fake.files[uid].replace(uid.encode(), uid.encode()[::-1], 1)
    assert wrong != fake.files[uid]
    fake.files[uid] = wrong

    archive.fetch(fake.series, tmp_path / "stream")
    archive._has_dicomweb = False
    archive.fetch(fake.series, tmp_path / "singly")

    assert contents(tmp_path / "stream") == contents(tmp_path / "singly") == fake.files


@pytest.mark.parametrize("by_stream", [True, False])
def test_an_abandoned_transfer_leaves_no_half_file(fake, archive, tmp_path, by_stream):
    archive._has_dicomweb = by_stream

    def interrupt(*_: object):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        archive.fetch(fake.series, tmp_path, on_file=interrupt)

    left = contents(tmp_path)
    assert left
    assert left.items() <= fake.files.items()


def test_what_a_killed_process_left_is_overwritten(fake, archive, tmp_path):
    (tmp_path / f"{fake.uids[0]}.dcm.part").write_bytes(b"half of a file" * 10_000)

    archive.fetch(fake.series, tmp_path)

    assert contents(tmp_path) == fake.files


def test_a_folder_that_cannot_be_written_to_is_the_systems_error(fake, archive, tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(OSError, match="file"):
        archive.fetch(fake.series, tmp_path / "file")


@pytest.mark.parametrize("start", ["../outside", ".hidden", "a/b"])
def test_a_uid_that_could_name_another_file_is_refused(fake, archive, tmp_path, start):
    uid, *others = fake.uids
    bad = start + uid[len(start) :]
    fake.files[bad] = fake.files.pop(uid).replace(uid.encode(), bad.encode())
    by_id = fake.files | {quote(bad): fake.files[bad]}
    series = fake.series
    fake.single = lambda name, _: (200, {}, by_id[name])
    fake.files = by_id

    with pytest.raises(DicomError, match="cannot name a file"):
        archive.fetch(series, tmp_path / "in")

    assert sorted(contents(tmp_path / "in")) == sorted(others)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_fetching_first_from_another_program_names_the_setting(tmp_path):
    fake = FakeOrthanc()
    with serving(lambda *_: (404, {}, b"")) as url:
        archive = OrthancArchive(url)
        with pytest.raises(SettingError, match="IMAGING_ORTHANC_URL"):
            archive.fetch(fake.series, tmp_path)
        archive.close()


def test_a_busy_dicomweb_is_worth_trying_again(fake, archive, tmp_path):
    fake.wado = lambda _: (503, {}, b"")

    with pytest.raises(RemoteUnavailableError, match="503"):
        archive.fetch(fake.series, tmp_path)
