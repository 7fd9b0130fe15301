"""What is sent of a CBCT: one zip with one volume, and nothing that names anybody."""

import hashlib
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pydicom
import pytest

from imaging.dicom.deidentify import Deidentifier
from imaging.errors import InputError
from imaging.fusion.checking import check_cbct, pack_cbct
from tests.imaging.fusion.checking.slices import (
    LENIENT,
    NAME,
    files_of,
    write_folder,
    write_series,
    write_zip,
)

KEY = bytes(range(32))


def members(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_slices_are_packed_in_order_under_neutral_names_as_they_are(tmp_path):
    source = check_cbct(write_series(tmp_path / "in"), rules=LENIENT)

    packed = pack_cbct(source, tmp_path / "out.zip")

    made = members(tmp_path / "out.zip")
    assert list(made) == [f"{number:04}.dcm" for number in range(1, 13)]
    assert list(made.values()) == list(files_of().values())
    content = (tmp_path / "out.zip").read_bytes()
    assert (packed.bytes, packed.files) == (len(content), 12)
    assert packed.sha256 == hashlib.sha256(content).hexdigest()


def test_nothing_else_of_the_folder_is_packed(tmp_path):
    write_series(tmp_path / "in")
    write_series(
        tmp_path / "in/other", change=lambda _, ds: setattr(ds, "SeriesInstanceUID", "1.2")
    )
    (tmp_path / "in/notes.txt").write_text(NAME)
    wanted = next(iter(files_of().values()))
    uid = str(pydicom.dcmread(BytesIO(wanted)).SeriesInstanceUID)
    source = check_cbct(tmp_path / "in", series_instance_uid=uid, rules=LENIENT)

    pack_cbct(source, tmp_path / "out.zip")

    assert list(members(tmp_path / "out.zip").values()) == list(files_of().values())


def test_the_same_volume_gives_the_same_bytes_from_anywhere(tmp_path):
    files = files_of()
    renamed = {f"{index}/x": content for index, content in enumerate(reversed(files.values()))}
    sources = [
        write_folder(tmp_path / "folder", files),
        write_folder(tmp_path / "other", renamed),
        write_zip(tmp_path / "in.zip", files),
    ]
    checked = [check_cbct(source, rules=LENIENT) for source in sources]

    made = [pack_cbct(source, tmp_path / f"{i}.zip").sha256 for i, source in enumerate(checked)]

    assert len(set(made)) == 1


@pytest.mark.parametrize("is_zip", [False, True], ids=["folder", "zip"])
def test_de_identified_slices_hold_no_name(is_zip, tmp_path):
    write = write_zip if is_zip else write_folder
    source = check_cbct(write(tmp_path / "in", files_of()), rules=LENIENT)
    deidentifier = Deidentifier(KEY, attributes="ct_volume")

    packed = pack_cbct(source, tmp_path / "out.zip", deidentifier=deidentifier)

    made = members(tmp_path / "out.zip")
    assert len(made) == 12
    assert packed.notes == ("de-identified",)
    assert not any(b"PLANTED" in content or b"4711" in content for content in made.values())
    was = [pydicom.dcmread(BytesIO(content)) for content in files_of().values()]
    now = [pydicom.dcmread(BytesIO(content)) for content in made.values()]
    for old, new in zip(was, now, strict=True):
        assert new.PixelData == old.PixelData
        assert new.ImagePositionPatient == old.ImagePositionPatient
        assert new.SOPInstanceUID != old.SOPInstanceUID
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out.zip"]


def test_the_same_key_gives_the_same_de_identified_zip(tmp_path):
    source = check_cbct(write_series(tmp_path / "in"), rules=LENIENT)
    made = [
        pack_cbct(source, tmp_path / "out.zip", deidentifier=Deidentifier(KEY)).sha256
        for _ in range(2)
    ]

    assert made[0] == made[1]


def test_slices_that_may_show_a_name_are_held_back_by_count(tmp_path):
    def change(number, ds):
        if number in {3, 5}:
            ds.RecognizableVisualFeatures = "YES"

    source = check_cbct(write_series(tmp_path / "in", change=change), rules=LENIENT)

    with pytest.raises(InputError, match="held back: 2 of 12 files: it says that its pixels show"):
        pack_cbct(source, tmp_path / "out.zip", deidentifier=Deidentifier(KEY))
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def change_one(folder: Path, content: bytes) -> None:
    (folder / list(files_of())[7]).write_bytes(content)


@pytest.mark.parametrize("deidentifier", [None, Deidentifier(KEY)], ids=["plain", "cleaned"])
def test_a_slice_that_is_cut_short_after_the_check_is_refused_by_number(deidentifier, tmp_path):
    source = check_cbct(write_series(tmp_path / "in"), rules=LENIENT)
    change_one(tmp_path / "in", list(files_of().values())[7][:-50])

    with pytest.raises(InputError) as caught:
        pack_cbct(source, tmp_path / "out.zip", deidentifier=deidentifier)

    assert "PLANTED" not in f"{caught.value!r}{caught.value.__cause__!r}"
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_malformed_slice_is_named_by_its_number(tmp_path):
    source = check_cbct(write_series(tmp_path / "in"), rules=LENIENT)
    change_one(tmp_path / "in", bytes(128) + b"DICM" + b"\x10\0\x10\0PN\xff\x0fPLANTED")

    with pytest.raises(InputError, match="slice 8: cut short"):
        pack_cbct(source, tmp_path / "out.zip", deidentifier=Deidentifier(KEY))


def test_a_slice_that_is_gone_is_named_by_its_number(tmp_path):
    source = check_cbct(write_series(tmp_path / "in"), rules=LENIENT)
    (tmp_path / "in" / list(files_of())[7]).unlink()

    with pytest.raises(InputError, match=r"slice 8 cannot be read or written") as caught:
        pack_cbct(source, tmp_path / "out.zip")
    assert caught.value.__cause__ is None


def test_progress_counts_to_the_bytes_of_all_files(tmp_path):
    source = check_cbct(write_series(tmp_path / "in"), rules=LENIENT)
    told: list[int] = []

    pack_cbct(source, tmp_path / "out.zip", progress=told.append)

    assert len(told) == 12
    assert told == sorted(told)
    assert told[-1] == source.bytes


def test_a_stored_zip_is_read_as_well(tmp_path):
    with ZipFile(tmp_path / "in.zip", "w", ZIP_STORED) as archive:
        for name, content in files_of().items():
            archive.writestr(name, content)

    pack_cbct(check_cbct(tmp_path / "in.zip", rules=LENIENT), tmp_path / "out.zip")

    assert list(members(tmp_path / "out.zip").values()) == list(files_of().values())
