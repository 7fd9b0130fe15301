import csv

import numpy as np
import pytest

from imaging.volumes import Wanted
from imaging.volumes.label_map import LabelMap
from tests.imaging.volumes.series import loaded, made, structures
from tests.imaging.volumes.test_masks import blank, circle, stacked

LABELS_ONLY = Wanted(image=False, masks=False, dose=False, pictures=False)
ROIS = {
    "Body": [circle(40)],
    "Ring": [circle(30), circle(20)],
    "No contour": [],
    "Core": [circle(12, (15.0, 0.0))],
}


def labelled(tmp_path, order, wanted=LABELS_ONLY):
    drawn = {name: stacked(ROIS[name]) for name in order}
    made(tmp_path, blank(tmp_path), structures(tmp_path, drawn), wanted=wanted)
    with (tmp_path / "nifti/labels.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return loaded(tmp_path / "nifti/labels.nii.gz")[0], rows


@pytest.mark.parametrize("order", [list(ROIS), list(ROIS)[::-1], ["Core", "Body", "Ring"]])
def test_where_rois_overlap_the_smaller_is_seen_whatever_their_order(order, tmp_path):
    labels, rows = labelled(tmp_path, order)

    index = {row["name"]: int(row["index"]) for row in rows}
    assert [row["name"] for row in rows] == [name for name in order if name != "No contour"]
    assert sorted(index.values()) == [1, 2, 3]
    assert labels.dtype == np.uint8
    across = [labels[12, 60, column] for column in (50, 65, 75, 88, 97)]
    names = ("Body", "Core", "Core", "Body", None)
    assert across == [index.get(name or "", 0) for name in names]


def test_what_a_roi_loses_to_smaller_ones_is_counted(tmp_path):
    labels, rows = labelled(tmp_path, ["Core", "Body", "Ring"])

    for row in rows:
        seen = int((labels == int(row["index"])).sum())
        assert int(row["voxels"]) - int(row["overlapped_voxels"]) == seen
        assert float(row["volume_cc"]) == pytest.approx(int(row["voxels"]) * 0.0024)
    assert int(rows[0]["overlapped_voxels"]) == 0
    assert int(rows[1]["overlapped_voxels"]) > 0


def test_the_dictionary_has_colours_and_the_files_of_the_masks(tmp_path):
    _, rows = labelled(tmp_path, ["Body"], Wanted(image=False, pictures=False))

    assert list(rows[0])[:3] == ["index", "name", "color"]
    assert (rows[0]["color"], rows[0]["file"]) == ("#FF0000", "masks/Body.nii.gz")
    assert (tmp_path / "nifti" / rows[0]["file"]).exists()


def test_masks_are_not_written_when_only_the_label_map_is_wanted(tmp_path):
    labelled(tmp_path, ["Body"])

    assert not list(tmp_path.glob("nifti/masks/*"))


def test_more_than_255_rois_take_two_bytes():
    assert LabelMap((1, 1, 1), 255).dtype == np.uint8
    assert LabelMap((1, 1, 1), 256).dtype == np.uint16
