"""One label map of a run: what is written, what is found done, what is refused and why."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imaging.labels import NamedDictionary, dictionary_for
from imaging.labels.dictionaries import described, dictionary_of, embed_dictionary
from imaging.segmentations import FilterRequest, LabelMapFile, filter_file
from imaging.segmentations.outgoing import KeptLabel
from tests.imaging.labels.phantoms import stored_in, write
from tests.imaging.segmentations.files import GOOD, LABELS, NAMES, label_map

GIVEN = NamedDictionary(NAMES, "given")
PLAIN = FilterRequest(("liver", "5"), names=GIVEN, has_pictures=False)


@pytest.fixture
def file(tmp_path) -> LabelMapFile:
    path = label_map(tmp_path / "in" / "P1" / "Doe.nii.gz")
    return LabelMapFile("case-1", path, Path("P1/Doe.nii.gz"), is_named_by_us=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out"


def _request(*keep: str, **changes: Any) -> FilterRequest:
    given: dict[str, Any] = {"names": GIVEN, "has_pictures": False}
    return FilterRequest(keep, **given | changes)


def _meaning(folder) -> dict[int, str]:
    found = dictionary_for(folder / "P1" / "Doe.nii.gz")
    assert found.where == "beside the file"
    return {label.id: label.name for label in found.dictionary}


def test_the_label_map_its_table_and_its_record_are_written(file, folder):
    result = filter_file(file, PLAIN, folder)

    ml = result.kept[1].ml
    assert ml == pytest.approx(0.205632)
    assert (result.outcome, result.absent, result.names_from) == ("written", (), "given")
    assert result.kept[1] == KeptLabel(11, "liver", 11, "liver", 216, ml)
    assert [each.label for each in result.kept] == [5, 11]
    assert sorted(path.name for path in (folder / "P1").iterdir()) == [
        "Doe.json",
        "Doe.nii.gz",
        "Doe.tsv",
    ]
    expected = np.where(np.isin(LABELS, [5, 11]), LABELS, 0)
    assert np.array_equal(stored_in(folder / "P1" / "Doe.nii.gz", GOOD), expected)
    assert _meaning(folder) == {5: "rib_left_2", 11: "liver"}


def test_a_picture_is_drawn_over_the_ct_or_alone_where_the_grids_differ(file, folder, tmp_path):
    request = _request("ribs", has_pictures=True)
    image = write(tmp_path / "ct.nii.gz", GOOD.content())
    other = write(tmp_path / "other.nii.gz", GOOD.but(affine=GOOD.affine + 1).content())
    pictures = []
    for each in (None, image, other):
        filter_file(LabelMapFile("case-1", file.path, file.relative, each), request, folder)
        pictures.append((folder / "P1" / "Doe.png").read_bytes())

    alone, over, fallen_back = pictures
    assert alone.startswith(b"\x89PNG")
    assert over != alone
    assert fallen_back == alone


def test_what_is_done_and_unchanged_is_not_done_again(file, folder):
    first = filter_file(file, PLAIN, folder)
    before = {path: path.stat().st_mtime_ns for path in (folder / "P1").iterdir()}

    again = filter_file(file, PLAIN, folder)

    assert (again.outcome, again.kept, again.names_from) == ("unchanged", first.kept, "given")
    assert {path: path.stat().st_mtime_ns for path in (folder / "P1").iterdir()} == before


def _touch(file, _folder):
    label_map(file.path, np.where(LABELS == 5, 5, 0))


def _remove(_file, folder):
    (folder / "P1" / "Doe.tsv").unlink()


def _cut(_file, folder):
    (folder / "P1" / "Doe.nii.gz").write_bytes(b"")


def _garble(_file, folder):
    (folder / "P1" / "Doe.json").write_text('{"key": 3')


@pytest.mark.parametrize("change", [_touch, _remove, _cut, _garble])
def test_what_changed_is_done_anew(change, file, folder):
    request = _request("5")
    filter_file(file, request, folder)
    change(file, folder)

    assert filter_file(file, request, folder).outcome == "written"
    assert filter_file(file, request, folder).outcome == "unchanged"


@pytest.mark.parametrize(
    "other",
    [
        _request("5", "11"),
        _request("liver", "5", remap={"5": "6"}),
        _request("liver", "5", missing="ignore"),
        _request("liver", "5", compress_level=3),
        _request("liver", "5", has_pictures=True),
        _request("liver", "5", names=NamedDictionary(NAMES.only([5, 11]), "given")),
    ],
)
def test_another_request_is_another_result(other, file, folder):
    filter_file(file, PLAIN, folder)

    assert filter_file(file, other, folder).outcome == "written"


def test_what_the_file_lacks_is_refused_with_what_it_holds(file, folder):
    filter_file(file, PLAIN, folder)

    result = filter_file(file, _request("liver", "spleen", "77"), folder)

    assert result.outcome == "failed"
    assert "'spleen' or '77'" in result.failure
    assert "liver (11)" in result.failure
    assert not list((folder / "P1").iterdir()), "outputs of another request are left"


@pytest.mark.parametrize(("known", "place"), [(GIVEN, "given"), (None, "vista3d (assumed)")])
def test_unknown_names_are_refused_too_with_what_the_file_holds(known, place, file, folder):
    result = filter_file(file, _request("livr", names=known), folder)

    assert "no label is called 'livr'" in result.failure
    assert ("esophagus (11)" in result.failure) == place.startswith("vista3d")
    assert "(12)" not in result.failure  # which the dictionaries have, and the file has not


def test_what_is_lacking_or_unknown_is_left_out_where_that_is_asked_for(file, folder):
    remap = {"spleen": "20", "livr": "21", "liver": "22"}
    request = _request("liver", "spleen", "livr", "77", remap=remap, missing="ignore")

    result = filter_file(file, request, folder)

    assert result.absent == ("spleen", "livr", "77")
    assert [(each.label, each.new_label) for each in result.kept] == [(11, 22)]


def test_nothing_left_is_an_empty_label_map_that_says_so(file, folder):
    result = filter_file(file, _request("spleen", missing="ignore"), folder)

    assert (result.outcome, result.absent) == ("written, empty", ("spleen",))
    assert not stored_in(folder / "P1" / "Doe.nii.gz", GOOD).any()
    assert filter_file(file, _request("spleen", missing="ignore"), folder).outcome == (
        "unchanged, empty"
    )


@pytest.mark.parametrize(
    ("remap", "meaning"),
    [
        ({"liver": "3"}, {1: "rib_left_1", 3: "liver", 5: "rib_left_2", 7: "rib_right_1"}),
        ({"all ribs": "1"}, {1: "all ribs", 11: "liver"}),
        ({"all ribs": "spleen"}, {11: "liver", 12: "spleen"}),
        ({"rib_*": "11"}, {11: "rib_* + liver"}),
        (
            {"1": "9", "5": "9", "7": "9", "11": "9"},
            {9: "rib_left_1 + 3 more"},
        ),
    ],
)
def test_new_ids_are_called_by_what_they_are_now(remap, meaning, file, folder):
    filter_file(file, _request("all ribs", "liver", remap=remap), folder)

    assert _meaning(folder) == meaning


def test_colours_stay_with_their_structures(file, folder):
    filter_file(file, _request("liver", "5", remap={"liver": "3", "5": "spleen"}), folder)

    found = dictionary_for(folder / "P1" / "Doe.nii.gz").dictionary
    assert {label.name: label.color for label in found} == {
        "liver": (10, 250, 10),
        "spleen": (10, 10, 250),
    }


def test_the_header_still_names_old_ids_but_the_table_beside_counts(file, folder):
    embed_dictionary(file.path, file.path, dictionary_of([described(5, "old"), described(6, "no")]))

    result = filter_file(file, _request("old", remap={"old": "6"}, names=None), folder)

    assert result.names_from == "embedded"
    assert _meaning(folder) == {6: "old"}


def test_a_label_map_is_never_replaced_by_what_is_kept_of_it(file):
    before = file.path.read_bytes()

    result = filter_file(file, PLAIN, file.path.parents[1])

    assert "would replace the label map itself" in result.failure
    assert file.path.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "the label map is not there"), (b"\x1f\x8bgarbage", "gzip stream")],
)
def test_a_file_that_cannot_be_read_fails_without_its_name(content, reason, file, folder, caplog):
    file.path.unlink()
    if content is not None:
        file.path.write_bytes(content)

    result = filter_file(file, PLAIN, folder)

    assert reason in result.failure
    assert "Doe" not in result.failure + caplog.text
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_the_record_names_what_was_kept(file, folder):
    filter_file(file, PLAIN, folder)

    record = json.loads((folder / "P1" / "Doe.json").read_text())
    assert [each["name"] for each in record["kept"]] == ["rib_left_2", "liver"]
    assert record["outputs"].keys() == {"Doe.nii.gz", "Doe.tsv"}


def test_pairs_stay_pairs(tmp_path, folder):
    pair = GOOD.but(is_pair=True)
    write(tmp_path / "a.hdr", pair.header())
    write(tmp_path / "a.img", pair.voxels())
    file = LabelMapFile("case-1", tmp_path / "a.hdr", Path("a.hdr"))

    assert filter_file(file, PLAIN, folder).outcome == "written"
    assert filter_file(file, PLAIN, folder).outcome == "unchanged"
    (folder / "a.img").unlink()
    assert filter_file(file, PLAIN, folder).outcome == "written"
    assert (folder / "a.img").exists()
