"""NRRD volumes, alone and in a zip."""

import gzip
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import SimpleITK

from imaging.errors import InputError
from imaging.fusion.checking import check_cbct, pack_cbct
from tests.imaging.fusion.checking.slices import LENIENT, write_series, write_zip

SHAPE = (12, 10, 11)
VOXELS = np.random.default_rng(4).integers(-1000, 3000, SHAPE, dtype=np.int16)
HEADER = """NRRD0004
# PLANTED comment
type: short
dimension: 3
space: left-posterior-superior
sizes: 11 10 12
space directions: (0.5,0,0) (0,0.5,0) (0,0,0.4)
kinds: domain domain domain
endian: little
encoding: raw
space origin: (1.5,2.5,-3)
content: PLANTED content
sample units: PLANTED
note:=PLANTED value
"""


def write(path: Path, header: str = HEADER, voxels: bytes = VOXELS.astype("<i2").tobytes()) -> Path:
    path.write_bytes(header.encode() + b"\n" + voxels)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        check_cbct(path, rules=LENIENT)
    assert "PLANTED" not in str(caught.value)
    return str(caught.value)


def packed(path: Path, target: Path) -> tuple[SimpleITK.Image, bytes]:
    """Pack a volume, and return what SimpleITK reads of it, and the file."""
    pack_cbct(check_cbct(path, rules=LENIENT), target)
    with ZipFile(target) as archive:
        assert archive.namelist() == ["volume.nrrd"]
        content = archive.read("volume.nrrd")
    (target.parent / "again.nrrd").write_bytes(content)
    return SimpleITK.ReadImage(target.parent / "again.nrrd"), content


def test_a_volume_is_good_and_its_size_is_told(tmp_path):
    source = check_cbct(write(tmp_path / "a.nrrd"), rules=LENIENT)

    assert (source.kind, source.modality, source.slices) == ("NRRD", "", 12)
    assert source.shape == SHAPE
    assert source.spacing_mm == (0.4, 0.5, 0.5)
    assert source.fov_mm == (4.8, 5.0, 5.5)


@pytest.mark.parametrize("compressed", [False, True], ids=["raw", "gzip"])
def test_what_simpleitk_writes_is_packed_and_is_the_same_image(compressed, tmp_path):
    image = SimpleITK.GetImageFromArray(VOXELS)
    image.SetSpacing((0.5, 0.6, 0.4))
    image.SetOrigin((-3.25, 4, 5))
    image.SetDirection((0.8, 0.6, 0, -0.6, 0.8, 0, 0, 0, 1))
    image.SetMetaData("name", "PLANTED")
    path = tmp_path / "a.nrrd"
    SimpleITK.WriteImage(image, path, useCompression=compressed)

    again, content = packed(path, tmp_path / "out.zip")

    assert np.array_equal(SimpleITK.GetArrayFromImage(again), VOXELS)
    assert again.GetSpacing() == pytest.approx(image.GetSpacing())
    assert again.GetOrigin() == pytest.approx(image.GetOrigin())
    assert again.GetDirection() == pytest.approx(image.GetDirection())
    assert b"PLANTED" in path.read_bytes()
    assert b"PLANTED" not in content


def test_no_text_of_peoples_survives(tmp_path):
    image, content = packed(write(tmp_path / "PLANTED.nrrd"), tmp_path / "out.zip")

    assert b"PLANTED" not in content
    assert b"PLANTED" not in (tmp_path / "out.zip").read_bytes()
    assert image.GetOrigin() == (1.5, 2.5, -3)


def test_a_gzip_header_with_the_files_name_is_left_behind(tmp_path):
    header = HEADER.replace("raw", "gzip")
    named = tmp_path / "PLANTED name"
    with gzip.open(named, "wb") as file:
        file.write(VOXELS.tobytes())
    assert b"PLANTED" in named.read_bytes()

    image, content = packed(
        write(tmp_path / "a.nrrd", header, named.read_bytes()), tmp_path / "out.zip"
    )

    assert b"PLANTED" not in content
    assert np.array_equal(SimpleITK.GetArrayFromImage(image), VOXELS)


def test_big_endian_and_unsigned_voxels_stay_what_they_are(tmp_path):
    header = HEADER.replace("little", "big").replace("type: short", "type: uint16")
    voxels = (VOXELS + 1000).astype(">u2")

    image, _ = packed(write(tmp_path / "a.nrrd", header, voxels.tobytes()), tmp_path / "out.zip")

    assert np.array_equal(SimpleITK.GetArrayFromImage(image), VOXELS + 1000)


def test_spacings_without_a_space_will_do(tmp_path):
    header = "\n".join(line for line in HEADER.split("\n") if not line.startswith("space"))
    header += "spacings: 0.5 0.5 0.4\n"

    image, _ = packed(write(tmp_path / "a.nrrd", header), tmp_path / "out.zip")

    assert image.GetSpacing() == (0.5, 0.5, 0.4)


def test_a_volume_may_lie_in_a_zip_and_gives_the_same(tmp_path):
    path = write(tmp_path / "a.nrrd")
    zipped = write_zip(tmp_path / "b.zip", {"folder/PLANTED.nrrd": path.read_bytes()})

    alone, inside = (check_cbct(each, rules=LENIENT) for each in (path, zipped))

    assert alone.digest() == inside.digest()
    made = [pack_cbct(each, tmp_path / "out.zip").sha256 for each in (alone, inside)]
    assert made[0] == made[1]


WRONG = {
    "detached": ("encoding: raw", "encoding: raw\ndata file: PLANTED.raw", "in another file"),
    "detached list": ("encoding: raw", "encoding: raw\ndatafile: LIST", "in another file"),
    "float": ("type: short", "type: float", "not of 16 bits"),
    "colour": ("dimension: 3", "dimension: 4", "not of three dimensions"),
    "bzip2": ("encoding: raw", "encoding: bzip2", "neither raw nor gzip"),
    "skip": ("endian", "byte skip: -1\nendian", "skips bytes or lines"),
    "endian": ("endian: little\n", "", "does not say its byte order"),
    "space": ("left-posterior-superior", "scanner-PLANTED", "space is not the patient's"),
    "units": ("endian", 'space units: "cm" "cm" "PLANTED"\nendian', "not millimetres"),
    "sizes": ("sizes: 11 10 12", "sizes: 11 10 PLANTED", "fields missing or broken"),
    "huge": ("sizes: 11 10 12", "sizes: 100000 100000 100000", "sizes that no volume has"),
    "negative": ("sizes: 11 10 12", "sizes: 11 -10 -12", "sizes that no volume has"),
    "no sizes": ("sizes: 11 10 12\n", "", "fields missing or broken"),
    "none": ("(0,0,0.4)", "none", "fields missing or broken"),
    "zero": ("(0,0,0.4)", "(0,0,0)", "not positive"),
    "nan": ("(0,0,0.4)", "(0,0,nan)", "not finite"),
    "origin": ("(1.5,2.5,-3)", "PLANTED", "fields missing or broken"),
    "sheared": ("(0,0,0.4)", "(0,0.2,0.4)", "axes that are not at right angles"),
    "coarse": ("(0,0,0.4)", "(0,0,1.4)", "too coarse"),
    "small": ("(0.5,0,0)", "(0.2,0,0)", "field of view"),
    "short": ("sizes: 11 10 12", "sizes: 11 10 13", "more or fewer bytes"),
    "long": ("sizes: 11 10 12", "sizes: 11 10 11", "more or fewer bytes"),
    "few": ("sizes: 11 10 12", "sizes: 11 20 6", "6 slices, where at least 10"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_volume_is_told(name, tmp_path):
    old, new, words = WRONG[name]
    assert old in HEADER

    assert words in refusal(write(tmp_path / "a.nrrd", HEADER.replace(old, new, 1)))


def test_a_header_that_does_not_end_is_refused(tmp_path):
    path = tmp_path / "a.nrrd"
    path.write_text("NRRD0004\n" + "# PLANTED\n" * 10_000)

    assert "one that does not end" in refusal(path)


@pytest.mark.parametrize("voxels", [VOXELS.tobytes()[:-2], VOXELS.tobytes() + bytes(2)])
def test_packed_voxels_that_are_more_or_fewer_are_refused_and_nothing_is_left(voxels, tmp_path):
    path = write(tmp_path / "a.nrrd", HEADER.replace("raw", "gzip"), gzip.compress(voxels))
    source = check_cbct(path, rules=LENIENT)

    with pytest.raises(InputError, match="more or fewer voxels"):
        pack_cbct(source, tmp_path / "out.zip")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("break_it", [lambda c: c[:-20], lambda c: c[:30] + bytes(40) + c[70:]])
def test_damaged_packed_voxels_are_refused(break_it, tmp_path):
    voxels = break_it(gzip.compress(VOXELS.tobytes()))
    path = write(tmp_path / "a.nrrd", HEADER.replace("raw", "gzip"), voxels)
    source = check_cbct(path, rules=LENIENT)

    with pytest.raises(InputError, match="its voxels cannot be read"):
        pack_cbct(source, tmp_path / "out.zip")


def test_two_volumes_or_a_volume_and_a_series_are_refused(tmp_path):
    write(tmp_path / "a.nrrd")
    write(tmp_path / "b.nrrd")
    assert "NRRD volumes: 2" in refusal(tmp_path)

    (tmp_path / "b.nrrd").unlink()
    write_series(tmp_path)
    assert "NRRD volumes: 1" in refusal(tmp_path)
