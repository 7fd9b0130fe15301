from contextlib import closing

import pytest

from imaging.errors import DicomError, InstanceGoneError, RemoteUnavailableError, SettingError
from imaging.orthanc import OrthancArchive
from tests.imaging.dicom.instances import image
from tests.imaging.orthanc.fakes import FakeOrthanc, contents
from tests.imaging.orthanc.servers import serving


@pytest.mark.parametrize("by_stream", [True, False])
def test_an_instance_that_is_gone_is_told_after_the_others_came(fake, faked, tmp_path, by_stream):
    series = fake.series
    gone = fake.uids[1]
    del fake.files[gone]
    faked._has_dicomweb = by_stream

    with pytest.raises(InstanceGoneError) as caught:
        faked.fetch(series, tmp_path)

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
def test_what_is_not_as_listed_is_told_after_the_others_came(fake, faked, tmp_path, spoilt):
    bad = fake.uids[2]
    fake.single = lambda uid, content: spoilt(content) if uid == bad else (200, {}, content)
    faked._has_dicomweb = False

    with pytest.raises(DicomError) as caught:
        faked.fetch(fake.series, tmp_path)

    assert caught.value.uid == bad
    assert contents(tmp_path) == {uid: fake.files[uid] for uid in fake.uids if uid != bad}


def test_a_file_that_ends_before_its_length_is_worth_trying_again(fake, faked, tmp_path):
    def short(_: str, content: bytes):
        return 200, {"Content-Length": str(len(content)), "Connection": "close"}, content[:-100]

    fake.single = short
    faked._has_dicomweb = False

    with pytest.raises(RemoteUnavailableError, match=r"of \d+ bytes came"):
        faked.fetch(fake.series, tmp_path)

    assert contents(tmp_path) == {}


def test_an_instance_that_orthanc_fails_over_does_not_keep_the_others(tmp_path):
    fake = FakeOrthanc([image() for _ in range(30)])
    lost = fake.uids[0]
    fake.single = lambda uid, content: (500, {}, b"") if uid == lost else (200, {}, content)
    fake.wado = lambda _: (500, {}, b"")

    with (
        serving(fake) as url,
        closing(OrthancArchive(url)) as faked,
        pytest.raises(RemoteUnavailableError, match="500"),
    ):
        faked.fetch(fake.series, tmp_path)

    assert sorted(contents(tmp_path)) == sorted(fake.uids[1:])


def test_a_file_whose_length_is_not_told_is_counted(fake, faked, tmp_path):
    fake.single = lambda _, content: (200, {"Content-Length": "", "Connection": "close"}, content)
    faked._has_dicomweb = False

    faked.fetch(fake.series, tmp_path)

    assert contents(tmp_path) == fake.files


def test_the_data_set_decides_where_the_meta_information_is_wrong(faked, fake, tmp_path):
    uid = fake.uids[0]
    wrong = fake.files[uid].replace(uid.encode(), uid.encode()[::-1], 1)
    assert wrong != fake.files[uid]
    fake.files[uid] = wrong

    faked.fetch(fake.series, tmp_path / "stream")
    faked._has_dicomweb = False
    faked.fetch(fake.series, tmp_path / "singly")

    assert contents(tmp_path / "stream") == contents(tmp_path / "singly") == fake.files


@pytest.mark.parametrize("by_stream", [True, False])
def test_an_abandoned_transfer_leaves_no_half_file(fake, faked, tmp_path, by_stream):
    faked._has_dicomweb = by_stream

    def interrupt(*_: object):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        faked.fetch(fake.series, tmp_path, on_file=interrupt)

    left = contents(tmp_path)
    assert left
    assert left.items() <= fake.files.items()


def test_what_a_killed_process_left_is_overwritten(fake, faked, tmp_path):
    (tmp_path / f"{fake.uids[0]}.dcm.part").write_bytes(b"half of a file" * 10_000)

    faked.fetch(fake.series, tmp_path)

    assert contents(tmp_path) == fake.files


def test_a_folder_that_cannot_be_written_to_is_the_systems_error(fake, faked, tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(OSError, match="file"):
        faked.fetch(fake.series, tmp_path / "file")


@pytest.mark.parametrize("start", ["../outside", ".hidden", "a/b"])
def test_a_uid_that_could_name_another_file_is_refused(fake, faked, tmp_path, start):
    uid, *others = fake.uids
    bad = start + uid[len(start) :]
    spoilt = fake.files.pop(uid).replace(uid.encode(), bad.encode())
    fake.files = {bad: spoilt, **fake.files}

    with pytest.raises(DicomError, match="cannot name a file"):
        faked.fetch(fake.series, tmp_path / "in")

    assert sorted(contents(tmp_path / "in")) == sorted(others)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_fetching_first_from_another_program_names_the_setting(tmp_path):
    fake = FakeOrthanc()
    with serving(lambda *_: (404, {}, b"")) as url:
        faked = OrthancArchive(url)
        with pytest.raises(SettingError, match="IMAGING_ORTHANC_URL"):
            faked.fetch(fake.series, tmp_path)
        faked.close()


def test_a_busy_dicomweb_is_worth_trying_again(fake, faked, tmp_path):
    fake.wado = lambda _: (503, {}, b"")

    with pytest.raises(RemoteUnavailableError, match="503"):
        faked.fetch(fake.series, tmp_path)
