from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from imaging.errors import DicomError, InputError
from imaging.rt import DVH
from imaging.rt.planned.comparison import compare
from imaging.rt.planned.copies import write_dvhs_copy
from imaging.rt.planned.stored import planned_dvhs
from tests.imaging.rt.ramps import ramp


def test_our_curve_comes_back_from_the_copy(rt_files, tmp_path):
    ours = [
        ramp(10.003, 20.0),
        DVH.empty(2, "Areola"),
        ramp(0.5, 3, cc=0.07, number=3, name="Cochlea_L"),
    ]

    copy = write_dvhs_copy(rt_files.rtdose, tmp_path / "new" / "copy.dcm", ours, "1.2.3")

    planned = planned_dvhs(dcmread(copy))
    assert planned.structure_set_uid == "1.2.3"
    assert [curve.roi_number for curve in planned.curves] == [1, 3]
    for dvh, curve in zip([ours[0], ours[2]], planned.curves, strict=True):
        assert curve.notes == ()
        assert curve.volume_cc == pytest.approx(dvh.volume_cc, rel=1e-8)
        found = compare(dvh, curve)
        assert found.mean_points < 1e-3
        assert np.abs([gy or 0 for gy in found.dose_gy]) == pytest.approx(0, abs=0.005)


def test_the_copy_is_a_new_object_with_the_same_dose(rt_files, tmp_path):
    old = dcmread(rt_files.rtdose)
    before = rt_files.rtdose.read_bytes()

    new = dcmread(write_dvhs_copy(rt_files.rtdose, tmp_path / "copy.dcm", [ramp()], "1.2.3"))

    assert new.PixelData == old.PixelData
    assert rt_files.rtdose.read_bytes() == before
    assert new.SOPInstanceUID == new.file_meta.MediaStorageSOPInstanceUID != old.SOPInstanceUID
    assert new.SeriesInstanceUID != old.SeriesInstanceUID
    assert new.StudyInstanceUID == old.StudyInstanceUID
    assert new.SeriesDescription.endswith("+ DVH")
    assert new.ReferencedRTPlanSequence == old.ReferencedRTPlanSequence
    written = new.DVHSequence[0]
    assert (written.DVHMinimumDose, written.DVHMeanDose, written.DVHMaximumDose) == (10, 15, 20)
    assert written.DVHNumberOfBins == len(written.DVHData) / 2
    assert new.ContributingEquipmentSequence[0].Manufacturer == "imaging-flows"


def test_the_copy_says_who_made_the_dose_and_nothing_of_its_old_dvhs(rt_files, tmp_path):
    dose = dcmread(rt_files.rtdose)
    dose.DVHNormalizationPoint, dose.DVHNormalizationDoseValue = [1, 2, 3], 50
    dose.SeriesDescription = 60 * "a"
    earlier = Dataset()
    earlier.Manufacturer = "Somebody"
    dose.ContributingEquipmentSequence = [earlier]
    dose.save_as(tmp_path / "dose.dcm")

    new = dcmread(write_dvhs_copy(tmp_path / "dose.dcm", tmp_path / "copy.dcm", [ramp()], "1.2"))
    assert "DVHNormalizationPoint" not in new
    assert "DVHNormalizationDoseValue" not in new
    assert new.SeriesDescription == 58 * "a" + " + DVH"
    made_by = [item.Manufacturer for item in new.ContributingEquipmentSequence]
    assert made_by == ["Somebody", "imaging-flows"]


@pytest.mark.parametrize("bin_gy", [1.0, 2.5])
@pytest.mark.parametrize("cc", [4.0, 40.0])
def test_a_value_has_an_even_number_of_bytes(rt_files, tmp_path, cc, bin_gy):
    dvh = ramp(10, 20, cc=cc)

    new = dcmread(
        write_dvhs_copy(rt_files.rtdose, tmp_path / "copy.dcm", [dvh], "1.2", bin_gy=bin_gy)
    )
    assert new.DVHSequence[0].get_item("DVHData").length % 2 == 0


def test_the_same_curves_make_the_same_copy_and_others_another(rt_files, tmp_path):
    def copy(dvh):
        target = tmp_path / "copy.dcm"
        moment = datetime(2024, 5, 6, 7, 8, 9)  # noqa: DTZ001 - DICOM's date has no zone
        return write_dvhs_copy(rt_files.rtdose, target, [dvh], "1.2.3", created=moment)

    first, again = copy(ramp()).read_bytes(), copy(ramp()).read_bytes()
    uid = dcmread(copy(ramp())).SOPInstanceUID

    assert first == again
    assert dcmread(copy(ramp())).InstanceCreationDate == "20240506"
    assert dcmread(copy(ramp(last_gy=21))).SOPInstanceUID != uid
    assert dcmread(copy(replace(ramp(), max_gy=20.5))).SOPInstanceUID != uid
    other = write_dvhs_copy(rt_files.rtdose, tmp_path / "other.dcm", [ramp()], "1.2.4")
    assert dcmread(other).SOPInstanceUID != uid


def test_a_long_curve_changes_explicit_to_implicit_vr(rt_files, tmp_path):
    dose = dcmread(rt_files.rtdose)
    dose.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    del dose.DVHSequence
    explicit = tmp_path / "explicit.dcm"
    dose.save_as(explicit)

    short = dcmread(write_dvhs_copy(explicit, tmp_path / "a.dcm", [ramp()], "1.2", bin_gy=1))
    long = dcmread(write_dvhs_copy(explicit, tmp_path / "b.dcm", [ramp(10, 90)], "1.2"))

    assert short.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert long.file_meta.TransferSyntaxUID == ImplicitVRLittleEndian
    assert long.DVHSequence[0]["DVHData"].VR == "DS"
    assert planned_dvhs(short).curves[0].dose_at_volume(50) == pytest.approx(15)
    assert planned_dvhs(long).curves[0].dose_at_volume(50) == pytest.approx(50)
    assert long.PixelData == short.PixelData == dose.PixelData


def test_what_cannot_be_written_is_refused(rt_files, tmp_path):
    target = tmp_path / "copy.dcm"
    packed = dcmread(rt_files.rtdose)
    packed.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    packed.save_as(tmp_path / "packed.dcm")

    with pytest.raises(InputError, match="no curve"):
        write_dvhs_copy(rt_files.rtdose, target, [DVH.empty(1, "PTV")], "1.2")
    with pytest.raises(InputError, match="overwritten"):
        write_dvhs_copy(rt_files.rtdose, rt_files.rtdose, [ramp()], "1.2")
    with pytest.raises(InputError, match="wider bins"):
        write_dvhs_copy(tmp_path / "packed.dcm", target, [ramp(10, 90)], "1.2")
    with pytest.raises(DicomError):
        write_dvhs_copy(rt_files.rtplan, target, [ramp()], "1.2")
    assert not target.exists()
