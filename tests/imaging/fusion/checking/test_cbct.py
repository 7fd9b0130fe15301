"""What is said of a CBCT, and which of its files are taken."""

import shutil
from dataclasses import replace

import pytest
from pydicom.uid import (
    ExplicitVRBigEndian,
    JPEGLosslessSV1,
    MRImageStorage,
    SecondaryCaptureImageStorage,
)

from imaging.errors import InputError
from imaging.fusion.checking import check_cbct, containers
from imaging.phantoms.cbct import Cbct, write_cbct
from tests.imaging.fusion.checking.slices import (
    GAP_MM,
    LENIENT,
    NAME,
    PIXEL_MM,
    SERIES,
    as_bytes,
    every,
    files_of,
    one,
    refusal,
    slice_of,
    write_folder,
    write_series,
    write_zip,
)


def test_a_whole_series_is_good_and_its_size_is_told(tmp_path):
    source = check_cbct(write_folder(tmp_path, files_of(100, matrix=64)))

    assert source.kind == "DICOM"
    assert source.modality == "CT"
    assert source.slices == 100
    assert source.shape == (100, 64, 64)
    assert source.spacing_mm == (GAP_MM, PIXEL_MM, PIXEL_MM)
    assert source.fov_mm == pytest.approx((40, 32, 32))
    assert source.notes == ()
    assert source.bytes == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_slices_are_ordered_by_where_they_lie_and_not_by_name(tmp_path):
    source = check_cbct(write_series(tmp_path), rules=LENIENT)

    assert [member.name for member in source.members] == list(files_of())


def test_no_name_of_a_file_is_shown(tmp_path):
    assert "PLANTED" not in repr(check_cbct(write_series(tmp_path), rules=LENIENT))


def test_subfolders_are_searched(tmp_path):
    for number, (name, content) in enumerate(files_of().items()):
        write_folder(tmp_path, {f"{number % 3}/deeper/{name}": content})

    assert check_cbct(tmp_path, rules=LENIENT).slices == 12


def test_content_has_one_digest_in_a_folder_in_a_zip_and_by_other_names(tmp_path):
    files = files_of()
    renamed = {f"{index}/x": content for index, content in enumerate(files.values())}
    sources = [
        write_folder(tmp_path / "folder", files),
        write_zip(tmp_path / "zip.zip", files),
        write_folder(tmp_path / "other", renamed),
    ]

    assert len({check_cbct(source, rules=LENIENT).digest() for source in sources}) == 1


def test_other_pixels_are_another_digest(tmp_path):
    same = check_cbct(write_series(tmp_path / "a"), rules=LENIENT).digest()
    change = one(3, PixelData=bytes(512))

    assert check_cbct(write_series(tmp_path / "b", change=change), rules=LENIENT).digest() != same


def test_what_is_no_ct_image_is_left_out_and_counted(tmp_path):
    write_series(tmp_path)
    localizer, mr, capture = (slice_of(number) for number in (90, 91, 92))
    localizer.ImageType, localizer.SeriesInstanceUID = ["ORIGINAL", "PRIMARY", "LOCALIZER"], "1.2"
    mr.SOPClassUID, mr.Modality = MRImageStorage, "MR"
    capture.SOPClassUID = SecondaryCaptureImageStorage
    extra = {"l": as_bytes(localizer), "m": as_bytes(mr), "s": as_bytes(capture), "n.txt": b"hi"}

    source = check_cbct(write_folder(tmp_path, extra), rules=LENIENT)

    assert source.slices == 12
    assert source.notes == (
        "localizer images, left out: 1",
        "DICOM objects that are no CT images, left out: 2",
        "files that are not DICOM, left out: 1",
    )


def test_of_two_series_one_must_be_named(tmp_path):
    write_series(tmp_path / "one")
    write_series(tmp_path / "two", 11, every(SeriesInstanceUID="1.2.3"))

    assert "2 CT series (of 12, 11 slices): name one" in refusal(tmp_path)
    source = check_cbct(tmp_path, series_instance_uid=SERIES, rules=LENIENT)
    assert source.slices == 12
    assert source.notes == ("other CT series, left out: 1",)
    assert "none of its 2 CT series" in refusal(tmp_path, series_instance_uid="1.2.4")


def test_a_folder_without_a_ct_says_what_is_there(tmp_path):
    write_series(tmp_path, 3, every(SOPClassUID=MRImageStorage))

    assert "holds no CT image; DICOM objects that are no CT images, left out: 3" in refusal(
        tmp_path
    )


def test_a_folder_of_far_too_much_is_refused_before_any_of_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(containers, "MOST_MEMBERS", 11)

    assert "more than 11 files" in refusal(write_series(tmp_path / "many"))
    assert check_cbct(write_series(tmp_path / "few", 11), rules=LENIENT).slices == 11


def test_what_is_not_there_is_refused(tmp_path):
    assert "there is no such file or folder" in refusal(tmp_path / NAME)


def test_compressed_slices_are_sent_only_when_someone_says_so(tmp_path):
    files = files_of()
    for name in files:
        ds = slice_of(list(files).index(name))
        del ds.PixelData
        ds.file_meta.TransferSyntaxUID = JPEGLosslessSV1
        fragment = b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\x00\xe0\x04\0\0\0\xff\xd8\xff\xd9"
        pixels = b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff" + fragment + b"\xfe\xff\xdd\xe0\0\0\0\0"
        files[name] = as_bytes(ds) + pixels
    path = write_folder(tmp_path, files)

    assert "12 slices with compressed pixels: decompress them first" in refusal(path)
    allowed = LENIENT.model_copy(update={"compressed": True})
    assert check_cbct(path, rules=allowed).slices == 12


def test_big_endian_slices_are_refused(tmp_path):
    files = files_of()
    for name, content in files.items():
        files[name] = content.replace(
            b"1.2.840.10008.1.2.1\0", ExplicitVRBigEndian.encode() + b"\0"
        )

    assert "cannot be submitted" in refusal(write_folder(tmp_path, files))


def test_a_file_that_is_cut_short_is_found(tmp_path):
    files = files_of()
    name = list(files)[5]
    files[name] = files[name][:-100]

    assert "1 slices with fewer bytes of pixels than they state" in refusal(
        write_folder(tmp_path / "folder", files)
    )
    assert "1 slices with fewer bytes" in refusal(write_zip(tmp_path / "x.zip", files))


def test_dicom_that_cannot_be_read_is_no_reason_to_send_the_rest(tmp_path):
    files = files_of()
    name = list(files)[11]
    files[name] = files[name].replace(b"\x10\0\x10\0US", b"\x10\0\x10\0XX")
    files["short"] = bytes(128) + b"DICM" + b"\x02\0\0\0UL\x04\0\xff\xff"

    assert "DICOM files that cannot be read" in refusal(write_folder(tmp_path, files))


def test_a_header_larger_than_the_first_look_is_read_on(tmp_path):
    def large(_number, ds):
        ds.add_new(0x00091010, "OB", bytes(300_000))

    assert check_cbct(write_series(tmp_path, change=large), rules=LENIENT).slices == 12
    path = write_zip(tmp_path / "x.zip", files_of(change=large))
    assert check_cbct(path, rules=LENIENT).slices == 12


def test_an_archive_beside_a_series_is_refused_in_a_folder_too(tmp_path):
    write_series(tmp_path)
    write_zip(tmp_path / "more", {"a": b"b"})

    assert "archives (zip, rar, tar, ...): 1" in refusal(tmp_path)


def test_an_archive_that_is_no_zip_is_named_as_such(tmp_path):
    path = tmp_path / "x.tar.gz"
    path.write_bytes(b"\x1f\x8b\x08" + bytes(200))

    assert "it holds no CT image; archives (zip, rar, tar, ...): 1" in refusal(path)


def test_what_the_file_system_says_holds_no_path(tmp_path):
    path = tmp_path / "PLANTED"
    path.symlink_to("/proc/self/mem")  # a file that fails to be read, whoever asks

    assert "cannot be" in refusal(path)

    write_series(tmp_path / "in")
    source = check_cbct(tmp_path / "in", rules=LENIENT)
    shutil.rmtree(tmp_path / "in")
    with pytest.raises(InputError, match=r"cannot be read or written .FileNotFoundError") as caught:
        source.digest()
    assert str(tmp_path) not in str(caught.value)


def test_an_image_of_another_modality_is_no_ct_whatever_its_class(tmp_path):
    write_series(tmp_path)
    write_series(tmp_path / "mr", 3, every(Modality="MR", SeriesInstanceUID="1.2"))

    notes = check_cbct(tmp_path, rules=LENIENT).notes
    assert notes == ("DICOM objects that are no CT images, left out: 3",)


def test_the_phantom_is_good_and_its_faults_are_found(tmp_path):
    good = Cbct(slices=100, matrix=104, patient_name="PLANTED^NAME")
    write_cbct(tmp_path / "good", replace(good, localizer=True))
    source = check_cbct(tmp_path / "good")
    assert (source.slices, source.notes) == (100, ("localizer images, left out: 1",))

    few = replace(good, slices=12)
    write_cbct(tmp_path / "skip", replace(few, skip=(7,)))
    assert "missing or unevenly spaced" in refusal(tmp_path / "skip")
    write_cbct(tmp_path / "twice", replace(few, twice=(7,)))
    assert "1 slices at the place of another" in refusal(tmp_path / "twice")
    write_cbct(tmp_path / "tilt", replace(few, tilt_deg=12))
    assert "obliquely" in refusal(tmp_path / "tilt")
