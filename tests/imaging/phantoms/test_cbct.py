import subprocess
import zlib
from dataclasses import replace

import numpy as np
import pydicom
import pytest
import trimesh
from pydicom.uid import CTImageStorage

from imaging.phantoms.cbct import TOOTH_HU, Cbct, write_cbct
from imaging.phantoms.dental import small_case
from imaging.phantoms.teeth import ToothPlace

SMALL = Cbct(slices=6, matrix=16)


def images(folder, cbct, **options):
    return [pydicom.dcmread(path) for path in write_cbct(folder, cbct, **options)]


def heights(series):
    return [float(image.ImagePositionPatient[2]) for image in series]


def test_it_is_one_series_of_ct_images_in_even_steps(tmp_path):
    series = images(tmp_path, SMALL)

    assert len(series) == 6
    assert {image.SOPClassUID for image in series} == {CTImageStorage}
    assert {image.Modality for image in series} == {"CT"}
    assert len({image.SeriesInstanceUID for image in series}) == 1
    assert len({image.SOPInstanceUID for image in series}) == 6
    assert np.diff(heights(series)) == pytest.approx([0.3] * 5, abs=1e-5)
    assert all(list(image.PixelSpacing) == [0.3, 0.3] for image in series)
    assert all(image.pixel_array.shape == (16, 16) for image in series)


def test_the_volume_lies_around_the_teeth(tmp_path):
    first, *_, last = images(tmp_path, SMALL)

    assert list(first.ImagePositionPatient) == pytest.approx([-2.25, -2.25, -0.75])
    assert last.ImagePositionPatient[2] == pytest.approx(0.75)


def test_teeth_are_bright_where_they_stand(tmp_path):
    x, y, z = ToothPlace.of("26").neck_mm
    cbct = Cbct(slices=80, matrix=256)
    index = round((z - cbct.position_mm(0)[2]) / 0.3)
    skipped = tuple(number for number in range(80) if number != index)

    (image,) = images(tmp_path, Cbct(slices=80, matrix=256, skip=skipped))

    hu = image.pixel_array * float(image.RescaleSlope) + float(image.RescaleIntercept)
    row, column = (round((at - cbct.position_mm(0)[k]) / 0.3) for k, at in ((1, y), (0, x)))
    assert hu[row, column] == pytest.approx(TOOTH_HU, abs=250)
    assert hu[128, 128] == pytest.approx(40, abs=250)


def test_its_noise_lets_deflate_win_less_than_half(tmp_path):
    (image,) = images(tmp_path, Cbct(slices=1, matrix=128))

    packed = len(zlib.compress(image.PixelData, 1))

    assert 1.2 < len(image.PixelData) / packed < 2


def test_the_same_arguments_make_the_same_files(tmp_path):
    one, two = (write_cbct(tmp_path / name, SMALL) for name in "ab")

    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    other = write_cbct(tmp_path / "c", replace(SMALL, seed=2))
    assert other[0].read_bytes() != one[0].read_bytes()


def test_file_names_do_not_name_the_patient_and_headers_do(tmp_path):
    cbct = replace(SMALL, patient_name="Planted^Name", patient_id="PLANTED1")

    series = images(tmp_path, cbct)

    assert {str(image.PatientName) for image in series} == {"Planted^Name"}
    assert {image.PatientID for image in series} == {"PLANTED1"}
    assert min(path.name for path in tmp_path.iterdir()) == "0-0000.dcm"


def test_a_missing_slice_is_a_gap(tmp_path):
    series = images(tmp_path, replace(SMALL, skip=(2, 3)))

    assert np.diff(heights(series)) == pytest.approx([0.3, 0.9, 0.3], abs=1e-5)


def test_a_slice_can_be_there_twice(tmp_path):
    series = images(tmp_path, replace(SMALL, twice=(1,)))

    assert heights(series)[1] == heights(series)[2]
    assert len({image.SOPInstanceUID for image in series}) == 7
    assert all(each.file_meta.MediaStorageSOPInstanceUID == each.SOPInstanceUID for each in series)


def test_a_tilted_gantry_shifts_the_slices(tmp_path):
    series = images(tmp_path, replace(SMALL, tilt_deg=45))

    shifts = [float(image.ImagePositionPatient[1]) for image in series]
    assert np.diff(shifts) == pytest.approx(np.diff(heights(series)), abs=1e-5)


def test_steps_need_not_be_as_long_as_voxels(tmp_path):
    series = images(tmp_path, replace(SMALL, slice_spacing_mm=0.5))

    assert np.diff(heights(series)) == pytest.approx([0.5] * 5, abs=1e-5)
    assert {float(image.SliceThickness) for image in series} == {0.5}


def test_a_localizer_is_another_series_in_another_plane(tmp_path):
    *series, scout = images(tmp_path, replace(SMALL, localizer=True))

    assert len(series) == 6
    assert scout.ImageType[2] == "LOCALIZER"
    assert scout.SeriesInstanceUID != series[0].SeriesInstanceUID
    assert list(scout.ImageOrientationPatient) != list(series[0].ImageOrientationPatient)


def test_there_can_be_two_series(tmp_path):
    series = images(tmp_path, replace(SMALL, series=2))

    assert len(series) == 12
    assert len({image.SeriesInstanceUID for image in series}) == 2
    assert len({image.SOPInstanceUID for image in series}) == 12


def test_any_slice_can_be_made_wrong(tmp_path):
    def upright(index, image):
        if index == 3:
            image.Modality = "MR"

    series = images(tmp_path, SMALL, change=upright)

    assert [image.Modality for image in series] == ["CT"] * 3 + ["MR"] + ["CT"] * 2


def test_its_images_have_neither_errors_nor_warnings(dciodvfy, tmp_path):
    for path in write_cbct(tmp_path, Cbct(slices=2, matrix=16, localizer=True)):
        found = subprocess.run([dciodvfy, "-new", path], capture_output=True, text=True, check=True)

        assert "Error" not in found.stdout + found.stderr
        assert "Warning" not in found.stdout + found.stderr


def test_a_small_case_is_two_scans_and_a_cbct(tmp_path):
    case = small_case(tmp_path)

    scans = [trimesh.load_mesh(path) for path in (case.upper, case.lower)]

    assert [path.suffix for path in (case.upper, case.lower)] == [".stl", ".ply"]
    assert all(60 < scan.extents[0] < 85 for scan in scans)
    assert len(list(case.cbct.iterdir())) == 104
    assert not [path for path in tmp_path.rglob("*") if ".part" in path.name]
