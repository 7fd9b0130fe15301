"""What is asked of every label map of a run, before any is read."""

import pytest

from imaging.errors import InputError
from imaging.segmentations import FilterRequest, request_of


@pytest.mark.parametrize("keep", [(), ("liver", " ")])
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
