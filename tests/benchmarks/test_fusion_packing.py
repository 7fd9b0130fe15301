"""The CBCTs that are packed are what they say, and the other way does the same work."""

from zipfile import ZipFile

import pydicom

from benchmarks.fusion_packing import by_zipfile, packed, repeat, write_series, write_volume
from imaging.fusion.checking import CbctRules, check_cbct

RULES = CbctRules(least_slices=2, least_fov_mm=1)


def test_a_repeated_series_is_one_series(tmp_path):
    source = write_series(tmp_path / "one", 4, 16)

    checked = check_cbct(repeat(source, tmp_path / "three", 3), rules=RULES)

    assert checked.shape == (12, 16, 16)
    assert checked.notes == ()


def test_a_volume_has_the_voxels_of_the_series(tmp_path):
    source = write_series(tmp_path / "one", 4, 16)
    volume = write_volume(source, tmp_path / "two.nrrd", 2)

    assert check_cbct(volume, rules=RULES).shape == (8, 16, 16)
    slices = sorted(map(pydicom.dcmread, source.iterdir()), key=lambda s: s.ImagePositionPatient[2])
    assert volume.read_bytes().endswith(b"".join(each.PixelData for each in slices) * 2)


def test_both_ways_pack_the_same_slices(tmp_path):
    source = write_series(tmp_path / "one", 4, 16)
    theirs = by_zipfile(source, 6, tmp_path).rename(tmp_path / "theirs.zip")
    ours = packed(check_cbct(source, rules=RULES), tmp_path)

    with ZipFile(ours) as one, ZipFile(theirs) as other:
        contents = [
            sorted(archive.read(name) for name in archive.namelist()) for archive in (one, other)
        ]
    assert contents[0] == contents[1]
