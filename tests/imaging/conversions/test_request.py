"""Conversions as they are asked for: what a source is, where results go, what lies between."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from imaging.conversions import ConversionRequest, convert
from imaging.conversions.request import kind_of, title_of
from imaging.errors import InputError
from tests.imaging.conversions.maps import blocks, named, read, written


@pytest.fixture
def labels(series, tmp_path):
    source = written(
        tmp_path / "Doe_John.nii.gz", blocks(series.geometry.shape, [3, 9]), series.geometry
    )
    named(source, {3: "spleen", 9: "aorta"})
    return source


def test_from_label_map_to_seg_to_rtstruct_to_label_map_nothing_is_lost(labels, small, tmp_path):
    def next_one(source, to):
        return convert(ConversionRequest(source, to, images=small), tmp_path).files[0]

    seg = next_one(labels, "dicom-seg")
    rtstruct = next_one(seg, "rtstruct")
    back = next_one(rtstruct, "nifti")

    assert [kind_of(file) for file in (labels, seg, rtstruct)] == ["nifti", "dicom-seg", "rtstruct"]
    np.testing.assert_array_equal(read(back)[0], read(labels)[0])
    assert not list(tmp_path.rglob(".*"))  # the label map on the way is gone
    assert "Doe" not in str(seg.relative_to(tmp_path))


def test_labels_are_chosen_once_on_a_way_of_two_steps(labels, small, tmp_path):
    seg = convert(ConversionRequest(labels, "dicom-seg", small), tmp_path).files[0]
    made = convert(ConversionRequest(seg, "glb", labels=("aorta",)), tmp_path)

    assert [row.name for row in made.labels] == ["aorta"]
    scene: Any = trimesh.load(made.files[0])
    assert list(scene.graph.nodes_geometry) == ["aorta"]


def test_the_output_may_be_named_but_stays_below_the_data_root(labels, tmp_path):
    request = ConversionRequest(labels, "stl", labels=("3",), output="mine/spleen.stl")
    assert convert(request, tmp_path).files == (tmp_path / "mine" / "spleen.stl",)
    for output, said in (
        ("../spleen.stl", "below the data root"),
        ("/spleen.stl", "below the data root"),
        ("spleen.obj", r"end in \.stl"),
    ):
        with pytest.raises(InputError, match=said):
            convert(ConversionRequest(labels, "stl", output=output), tmp_path)


@pytest.mark.usefixtures("labels")
def test_a_dictionary_counts_from_the_data_root(series, tmp_path):
    other = written(tmp_path / "other.nii.gz", blocks(series.geometry.shape, [9]), series.geometry)
    request = ConversionRequest(other, "glb", dictionary="Doe_John_dseg.tsv")

    assert [row.name for row in convert(request, tmp_path).labels] == ["aorta"]


def test_what_cannot_be_done_says_what_to_do(labels, small, tmp_path):
    (tmp_path / "notes.txt").write_text("none")
    for request, said in (
        (ConversionRequest(labels, "nifti"), "a nifti already"),
        (ConversionRequest(labels, "dicom-seg"), "give the folder of the DICOM image series"),
        (ConversionRequest(tmp_path / "no.dcm", "nifti"), "there is no such file"),
        (ConversionRequest(Path(), "glb"), "there is no such file; give a label map"),
        (ConversionRequest(tmp_path / "notes.txt", "nifti"), "no DICOM SEG and no RTSTRUCT"),
        (ConversionRequest(next(small.rglob("*.dcm")), "nifti"), "no DICOM SEG and no RTSTRUCT"),
    ):
        with pytest.raises(InputError, match=said):
            convert(request, tmp_path)


def test_a_request_is_named_by_what_it_asks_for(labels):
    one, other = ConversionRequest(labels, "glb"), ConversionRequest(labels, "stl")

    assert title_of(one) == title_of(ConversionRequest(labels, "glb"))
    assert len({title_of(one), title_of(other)}) == 2


def test_a_result_never_replaces_its_source(labels, small, tmp_path):
    made = convert(ConversionRequest(labels, "rtstruct", small, output="rt.dcm"), tmp_path).files[0]
    before = made.read_bytes()

    for output in ("rt.dcm", "./x/../rt.dcm"):
        with pytest.raises(InputError, match="replace the source"):
            convert(ConversionRequest(made, "dicom-seg", small, output=output), tmp_path)

    assert made.read_bytes() == before


def test_a_source_that_is_not_there_is_not_named(tmp_path):
    with pytest.raises(InputError, match="there is no such file") as caught:
        convert(ConversionRequest(tmp_path / "Doe_John.nii.gz", "glb"), tmp_path)

    assert "Doe" not in str(caught.value)


def test_other_options_do_not_replace_a_result(labels):
    asked = [
        ConversionRequest(labels, "dicom-seg"),
        ConversionRequest(labels, "dicom-seg", seg_kind="LABELMAP"),
        ConversionRequest(labels, "dicom-seg", Path("ct")),
        ConversionRequest(labels, "glb"),
        ConversionRequest(labels, "glb", smoothing_voxels=0.0),
    ]

    assert len({title_of(each) for each in asked}) == 5
