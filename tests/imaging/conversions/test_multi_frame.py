"""Labels on a multi-frame image, whose frames lie in an order of their own."""

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from imaging.conversions import (
    labels_of_seg,
    labels_of_structures,
    seg_of_labels,
    structures_of_labels,
)
from imaging.conversions.series import image_series
from tests.imaging.conversions.maps import blocks, read, written


@pytest.fixture(scope="module")
def one_file(small, tmp_path_factory):
    """The small CT as a single file, from the head to the feet."""
    folder = tmp_path_factory.mktemp("one")
    slices = [pydicom.dcmread(path) for path in sorted(small.rglob("*.dcm"))]
    for image in slices:
        image.PatientName = "Small^CT"
    whole = hd.legacy.LegacyConvertedEnhancedCTImage(slices, generate_uid(), 5, generate_uid(), 1)
    whole.save_as(folder / "ct.dcm")
    return folder


def test_its_frames_are_put_in_order(one_file, tmp_path):
    series = image_series(one_file)
    frames = [each.pixels.frame for each in series.stack.slices]
    assert frames != sorted(frames)
    labels = blocks(series.geometry.shape, [2, 5])
    source = written(tmp_path / "labels.nii.gz", labels, series.geometry)

    seg_of_labels(source, one_file, tmp_path / "seg.dcm")
    labels_of_seg(tmp_path / "seg.dcm", tmp_path / "a.nii.gz", images=one_file)
    structures_of_labels(source, one_file, tmp_path / "rtstruct.dcm")
    labels_of_structures(tmp_path / "rtstruct.dcm", one_file, tmp_path / "b.nii.gz")

    for back in ("a", "b"):
        np.testing.assert_array_equal(read(tmp_path / f"{back}.nii.gz")[0], labels)
    contours = pydicom.dcmread(tmp_path / "rtstruct.dcm").ROIContourSequence[0].ContourSequence
    named = {
        (item.ContourImageSequence[0].ReferencedFrameNumber, float(item.ContourData[2]))
        for item in contours
    }
    heights = series.geometry.origin_mm[2] + 2.5 * np.arange(len(frames))
    assert named <= {(frame + 1, round(z, 5)) for frame, z in zip(frames, heights, strict=True)}
