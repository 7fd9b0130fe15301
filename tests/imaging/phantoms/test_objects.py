import numpy as np
import pytest

from imaging.phantoms import ORIENTATIONS, DoseEncoding, DoseGrid, rtdose
from imaging.phantoms.ct import NOISE_HU, PADDING_HU
from imaging.phantoms.solids import AXIS_INDEX
from tests.imaging.phantoms.geometry import contour_points, voxel_centres


def stored_gy(dataset):
    return dataset.pixel_array * float(dataset.DoseGridScaling)


@pytest.mark.parametrize("bits", [16, 32])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_dose_at_a_voxel_centre_is_the_linear_dose_there(patient, orientation, bits):
    dataset = patient.rtdose(DoseEncoding(orientation=orientation, bits=bits))

    coordinate = voxel_centres(dataset)[..., AXIS_INDEX[patient.dose.axis]]
    expected_gy = np.maximum(patient.dose.at(coordinate), 0)
    assert stored_gy(dataset) == pytest.approx(expected_gy, abs=0.51 * dataset.DoseGridScaling)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_no_two_axes_of_a_dose_are_confused(patient, orientation):
    grid = DoseGrid((-10.0, 5.0, 100.0), (1.0, 2.0, 3.0), (4, 5, 6))

    dataset = rtdose(
        patient.study,
        lambda x, y, z: 40 + x + 0.1 * y + 0.01 * z,
        grid,
        patient.rtplan(),
        DoseEncoding(orientation=orientation),
    )

    centres = voxel_centres(dataset)
    assert stored_gy(dataset) == pytest.approx(40 + centres @ (1, 0.1, 0.01), abs=1e-6)
    assert centres.reshape(-1, 3).min(0) == pytest.approx([-10, 5, 100])
    assert centres.reshape(-1, 3).max(0) == pytest.approx([-5, 13, 109])


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_frames_run_to_the_head_when_it_goes_in_first_and_no_orientation_is_another(orientation):
    cosines = np.array(ORIENTATIONS[orientation])

    toward_head = np.cross(cosines[:3], cosines[3:])[2]

    assert toward_head == (1 if orientation.startswith("HF") else -1)
    assert list(ORIENTATIONS.values()).count(ORIENTATIONS[orientation]) == 1


def test_absolute_offsets_are_z_itself(patient):
    relative = patient.rtdose()
    absolute = patient.rtdose(DoseEncoding(absolute_offsets=True))

    first_z = float(relative.ImagePositionPatient[2])
    assert relative.GridFrameOffsetVector[0] == 0
    assert absolute.GridFrameOffsetVector == [first_z + z for z in relative.GridFrameOffsetVector]
    assert absolute.PixelData == relative.PixelData


def test_the_dose_of_a_beam_names_the_beam_and_claims_no_structures(patient):
    dataset = patient.rtdose(DoseEncoding(summation_type="BEAM", beam_number=2))

    group = dataset.ReferencedRTPlanSequence[0].ReferencedFractionGroupSequence[0]
    assert group.ReferencedBeamSequence[0].ReferencedBeamNumber == 2
    assert "DVHSequence" not in dataset


def test_the_stored_dvhs_are_the_true_ones(patient):
    items = patient.rtdose().DVHSequence

    by_number = {roi.number: roi.name for roi in patient.rois}
    assert len(items) == len(by_number)
    for item in items:
        truth = patient.truth(by_number[item.DVHReferencedROISequence[0].ReferencedROINumber])
        width_gy, volume_cc = np.array(item.DVHData, dtype=float).reshape(-1, 2).T
        lower_gy = np.concatenate([[0], np.cumsum(width_gy)[:-1]])
        assert volume_cc == pytest.approx([truth.cc_at_dose(gy) for gy in lower_gy], abs=1e-5)
        assert float(item.DVHMeanDose) == pytest.approx(truth.mean_gy, abs=1e-6)


def test_ct_numbers_are_those_of_the_solids_within_the_noise(patient):
    images = list(patient.ct_images())
    hu = np.stack([image.pixel_array + int(image.RescaleIntercept) for image in images])
    grid = patient.ct().grid
    x, y = grid.plane_mm()
    z = np.array(grid.z_mm)[:, None, None]
    solids = {roi.name: roi.solid for roi in patient.rois}

    for name, expected_hu in {"Lung_L": -750, "PTV": 45, "Heart": 40}.items():
        inside = hu[solids[name].contains(x, y, z)]
        assert inside.mean() == pytest.approx(expected_hu, abs=3)
        assert inside.std() == pytest.approx(NOISE_HU, rel=0.1)
    outside = hu[~solids["BODY"].contains(x, y, z)]
    assert outside[outside > PADDING_HU].mean() == pytest.approx(-1000, abs=3)


def test_no_two_slices_have_the_same_noise(patient):
    first, second = (image.pixel_array[:4] for image in list(patient.ct_images())[:2])

    assert not np.array_equal(first, second)


def test_contours_are_closed_on_the_slice_that_they_refer_to(patient):
    z_of_image = {str(i.SOPInstanceUID): i.ImagePositionPatient[2] for i in patient.ct_images()}
    drawn = [
        contour for roi in patient.rtstruct().ROIContourSequence for contour in roi.ContourSequence
    ]

    assert len(drawn) > 100
    for contour in drawn:
        points = contour_points(contour)
        image_uid = str(contour.ContourImageSequence[0].ReferencedSOPInstanceUID)
        assert len(points) == contour.NumberOfContourPoints
        assert points[:, 2] == pytest.approx(np.full(len(points), z_of_image[image_uid]))
        assert not np.array_equal(points[0], points[-1])


def test_rois_are_named_typed_and_coloured(patient):
    structures = patient.rtstruct()

    names = [str(item.ROIName) for item in structures.StructureSetROISequence]
    types = [str(item.RTROIInterpretedType) for item in structures.RTROIObservationsSequence]
    assert dict(zip(names, types, strict=True)) == {
        **dict.fromkeys(patient.roi_names, "ORGAN"),
        "PTV": "PTV",
        "BODY": "EXTERNAL",
    }
    assert all(len(item.ROIDisplayColor) == 3 for item in structures.ROIContourSequence)


def test_the_plan_prescribes_fifty_gray_in_25_fractions_to_the_ptv(patient):
    plan = patient.rtplan()

    dose_reference, group = plan.DoseReferenceSequence[0], plan.FractionGroupSequence[0]
    assert dose_reference.TargetPrescriptionDose == 50
    assert patient.roi_names[dose_reference.ReferencedROINumber - 1] == "PTV"
    assert group.NumberOfFractionsPlanned == 25
    given = [beam.ReferencedBeamNumber for beam in group.ReferencedBeamSequence]
    assert given == [beam.BeamNumber for beam in plan.BeamSequence]
    assert plan.ApprovalStatus == "APPROVED"
