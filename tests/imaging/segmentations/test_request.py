"""What is asked of every label map of a run, before any is read."""

from pathlib import Path

import pytest

from imaging.errors import InputError
from imaging.labels import NamedDictionary
from imaging.segmentations import FilterRequest, LabelMapFile, filter_file, request_of
from tests.imaging.segmentations.files import NAMES, label_map


@pytest.mark.parametrize("keep", [(), ("liver", " "), (" ,",)])
def test_a_request_of_nothing_is_refused(keep):
    with pytest.raises(InputError, match="say which labels to keep"):
        FilterRequest(keep)


@pytest.mark.parametrize(
    ("dictionary", "where"),
    [("", None), ("totalsegmentator", "totalsegmentator"), ("mine.tsv", "given")],
)
def test_a_dictionary_is_read_once_for_all(dictionary, where, tmp_path):
    (tmp_path / "mine.tsv").write_text("index\tname\n4\theart\n")

    request = request_of(
        tmp_path,
        keep=["heart"],
        remap={},
        dictionary=dictionary,
        missing="refuse",
        compress_level=1,
        has_pictures=False,
    )

    assert (request.names.where if request.names else None) == where


def test_empty_lines_of_a_form_are_passed_over(tmp_path):
    request = request_of(
        tmp_path,
        keep=["", "liver, 5", " , "],
        remap={},
        dictionary="",
        missing="refuse",
        compress_level=1,
        has_pictures=False,
    )

    assert request.keep == ("liver, 5",)


def test_lists_and_ranges_are_asked_for_one_by_one(tmp_path):
    file = LabelMapFile("case-1", label_map(tmp_path / "in" / "a.nii"), Path("a.nii"))
    names = NamedDictionary(NAMES, "given")
    keep = ("rib_left_1, spleen", "5-7", "80-90")

    result = filter_file(file, FilterRequest(keep, names=names, missing="ignore"), tmp_path / "out")

    assert [each.label for each in result.kept] == [1, 5, 7]
    assert result.absent == ("spleen", "80-90")
