"""What is said of a CT whose slices are the frames of one file."""

from pydicom import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    EnhancedCTImageStorage,
)

from imaging.fusion.checking import check_cbct
from tests.imaging.fusion.checking.slices import (
    LENIENT,
    as_bytes,
    refusal,
    slice_of,
)


def enhanced(places) -> bytes:
    """Return a multi-frame CT with frames at the ``places``."""
    ds = slice_of(0)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
    ds.NumberOfFrames = len(places)
    ds.PixelData = bytes(512 * len(places))
    frames = []
    for place in places:
        position, frame = Dataset(), Dataset()
        position.ImagePositionPatient = place
        frame.PlanePositionSequence = Sequence([position])
        frames.append(frame)
    ds.PerFrameFunctionalGroupsSequence = Sequence(frames)
    direction, measures, rescale, shared = Dataset(), Dataset(), Dataset(), Dataset()
    direction.ImageOrientationPatient = ds.ImageOrientationPatient
    measures.PixelSpacing = ds.PixelSpacing
    rescale.RescaleSlope, rescale.RescaleIntercept = 1, -1000
    shared.PlaneOrientationSequence = Sequence([direction])
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.PixelValueTransformationSequence = Sequence([rescale])
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    for keyword in ("ImageOrientationPatient", "ImagePositionPatient", "PixelSpacing"):
        delattr(ds, keyword)
    return as_bytes(ds)


def test_a_multi_frame_ct_is_judged_by_its_frames(tmp_path):
    (tmp_path / "one.dcm").write_bytes(enhanced([[0, 0, 0.3 * n] for n in range(20)]))

    for path in (tmp_path, tmp_path / "one.dcm"):
        source = check_cbct(path, rules=LENIENT)
        assert (source.slices, len(source.members)) == (20, 1)
        assert source.spacing_mm == (0.3, 0.5, 0.5)


def test_a_multi_frame_ct_with_a_gap_is_refused(tmp_path):
    path = tmp_path / "one.dcm"
    path.write_bytes(enhanced([[0, 0, 0.3 * (n + (n > 9))] for n in range(20)]))

    assert "after slice 10" in refusal(path)


def test_more_frames_than_can_be_are_refused(tmp_path):
    content = enhanced([[0, 0, 0.3 * n] for n in range(20)])
    assert content.count(b"IS\x02\x0020") == 1
    path = tmp_path / "one.dcm"
    path.write_bytes(content.replace(b"IS\x02\x0020", b"IS\x0a\x002000000000"))

    assert "cannot be read" in refusal(path)
