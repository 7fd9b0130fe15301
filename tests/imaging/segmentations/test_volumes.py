import json
import re

import numpy as np
import pytest

from imaging.errors import InputError
from imaging.labels import NamedDictionary, given_dictionary
from imaging.labels.dictionaries import described, dictionary_of, known
from imaging.segmentations import LabelMapFile, measure_file
from imaging.segmentations.volumes import organ_key, volumes_of
from tests.imaging.labels.phantoms import AFFINE, Nifti, write
from tests.imaging.segmentations.files import GOOD, LABELS, NAMES, label_map

NAMED = NamedDictionary(NAMES, "given")
VOXEL_ML = abs(np.linalg.det(AFFINE[:, :3])) / 1000


def file_of(tmp_path, case_id="case-1", nifti: Nifti = GOOD) -> LabelMapFile:
    path = write(tmp_path / f"{case_id}.nii.gz", nifti.content())
    return LabelMapFile(case_id, path, path.relative_to(tmp_path))


def test_a_row_has_the_size_and_the_place_of_a_label(tmp_path):
    measured = measure_file(file_of(tmp_path), NAMED, tmp_path / "out")

    table = volumes_of([measured]).table

    assert table["name"].tolist() == ["rib_left_1", "rib_left_2", "rib_right_1", "liver"]
    row = table.set_index("id").to_dict("index")[7]
    assert (row["case_id"], row["file"], row["volume"]) == ("case-1", "case-1.nii.gz", 0)
    assert row["voxels"] == 125
    assert row["ml"] == pytest.approx(125 * VOXEL_ML)
    assert [row[f"first_{axis}"] for axis in "xyz"] == [10, 3, 2]
    assert [row[f"last_{axis}"] for axis in "xyz"] == [14, 7, 6]
    assert [row[f"{axis}_mm"] for axis in "xyz"] == pytest.approx(AFFINE @ [12, 5, 4, 1])


@pytest.mark.parametrize(
    ("box", "touches"),
    [
        (np.s_[0:3, 2:4, 2:4], True),
        (np.s_[2:4, 2:4, 7:9], True),
        (np.s_[1:6, 1:7, 1:8], False),
    ],
    ids=["first column", "last slice", "all but the rim"],
)
def test_a_label_touches_the_edge_only_where_the_image_ends(tmp_path, box, touches):
    labels = np.zeros((7, 8, 9), dtype="<u1")
    labels[box] = 5

    measured = measure_file(file_of(tmp_path, nifti=GOOD.but(stored=labels)), None, tmp_path)

    assert volumes_of([measured]).table["touches_edge"].tolist() == [touches]


def test_a_single_slice_has_no_ends_of_its_own(tmp_path):
    labels = np.zeros((7, 8, 1), dtype="<u1")
    labels[2:4, 2:4] = 5

    measured = measure_file(file_of(tmp_path, nifti=GOOD.but(stored=labels)), None, tmp_path)

    assert volumes_of([measured]).table["touches_edge"].tolist() == [False]


def test_what_has_not_changed_is_not_measured_again(tmp_path):
    file = file_of(tmp_path)
    first = measure_file(file, NAMED, tmp_path / "out")
    before = first.record.stat().st_mtime_ns

    again = measure_file(file, NAMED, tmp_path / "out")

    assert (first.reused, again.reused) == (False, True)
    assert again.record.stat().st_mtime_ns == before


def test_a_file_that_has_changed_is_measured_again(tmp_path):
    measure_file(file_of(tmp_path), NAMED, tmp_path / "out")
    changed = GOOD.but(stored=np.where(LABELS == 7, 0, LABELS).astype("<u1"))

    again = measure_file(file_of(tmp_path, nifti=changed), NAMED, tmp_path / "out")

    assert not again.reused
    assert volumes_of([again]).table["id"].tolist() == [1, 5, 11]


def test_other_names_are_written_anew(tmp_path):
    file = file_of(tmp_path)
    measure_file(file, NAMED, tmp_path / "out")

    named = NamedDictionary(dictionary_of([described(5, "brain")]), "given")
    again = measure_file(file, named, tmp_path / "out")

    assert not again.reused
    assert "brain" in volumes_of([again]).table["name"].tolist()


def test_a_torn_record_is_written_anew(tmp_path):
    file = file_of(tmp_path)
    measure_file(file, NAMED, tmp_path / "out").record.write_text("{")

    again = measure_file(file, NAMED, tmp_path / "out")

    assert not again.reused
    assert len(json.loads(again.record.read_text())["labels"]) == 4


def test_a_damaged_file_is_a_failure_of_its_own_and_leaves_no_older_record(tmp_path):
    file = file_of(tmp_path)
    measure_file(file, NAMED, tmp_path / "out")
    file.path.write_bytes(file.path.read_bytes()[:-9])

    failed = measure_file(file, NAMED, tmp_path / "out")

    assert "gzip stream" in failed.failure
    assert not failed.record.exists()
    assert volumes_of([failed]).table.empty


def test_a_file_that_is_gone_is_a_failure_that_does_not_name_it(tmp_path):
    gone = LabelMapFile("case-1", tmp_path / "Doe^Jane.nii.gz", tmp_path)

    assert measure_file(gone, NAMED, tmp_path / "out").failure == "No such file or directory"


def test_an_image_is_not_taken_for_a_label_map(tmp_path):
    values = np.arange(2000).reshape(10, 10, 20).astype("<i2")

    measured = measure_file(file_of(tmp_path, nifti=GOOD.but(stored=values)), NAMED, tmp_path)

    assert measured.failure.startswith("it holds 1999 labels: an image")


def test_an_empty_label_map_counts_as_measured(tmp_path):
    empty = GOOD.but(stored=np.zeros((3, 3, 3), "<u1"))

    cohort = volumes_of([measure_file(file_of(tmp_path, nifti=empty), NAMED, tmp_path)])

    assert cohort.table.empty
    assert cohort.units == (("case-1", 0),)


def test_volumes_of_one_file_are_apart(tmp_path):
    both = np.stack([LABELS, np.where(LABELS == 5, 5, 0)], axis=-1).astype("<u1")

    measured = measure_file(file_of(tmp_path, nifti=GOOD.but(stored=both)), NAMED, tmp_path)
    cohort = volumes_of([measured], ["5"])

    assert cohort.table["volume"].tolist() == [0, 1]
    assert cohort.units == (("case-1", 0), ("case-1", 1))


def measured_with(tmp_path, case_id: str, names: dict[int, str]):
    named = dictionary_of(described(number, name) for number, name in names.items())
    return measure_file(file_of(tmp_path, case_id), NamedDictionary(named, "given"), tmp_path)


def test_one_organ_in_three_spellings_and_under_two_ids_is_one(tmp_path):
    measured = [
        measured_with(tmp_path, "case-1", {5: "kidney_left", 7: "Liver"}),
        measured_with(tmp_path, "case-2", {7: "kidney_left"}),
        measured_with(tmp_path, "case-3", {5: "Kidney_L"}),
    ]

    table = volumes_of(measured, ["left kidney"]).table

    assert table["organ"].tolist() == ["kidney_left"] * 3
    assert table["name"].tolist() == ["kidney_left", "kidney_left", "Kidney_L"]
    assert table["id"].tolist() == [5, 7, 5]


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        (["liver"], {11}),
        (["rib_left_*"], {1, 5}),
        (["all ribs"], {1, 5, 7}),
        (["7", "liver"], {7, 11}),
        ([" "], {1, 5, 7, 11}),
        (["+7", "05"], {5, 7}),
        (["5-7", "liver, 1"], {1, 5, 7, 11}),
    ],
)
def test_organs_are_chosen_by_id_name_pattern_and_group(tmp_path, asked, ids):
    measured = measure_file(file_of(tmp_path), NAMED, tmp_path)

    assert set(volumes_of([measured], asked).table["id"]) == ids


@pytest.mark.parametrize("asked", ["brain", "12", "+4", "2-4", "-3", "1.0"])
def test_organs_that_no_label_map_has_are_refused(tmp_path, asked):
    measured = measure_file(file_of(tmp_path), NAMED, tmp_path)

    with pytest.raises(InputError, match=re.escape(asked)):
        volumes_of([measured], ["liver", asked])


def test_unknown_organs_are_refused_with_the_ids_that_files_have(tmp_path):
    measured = measure_file(file_of(tmp_path), NAMED, tmp_path)

    with pytest.raises(InputError, match=r"there are .*rib_right_1 \(7\), liver \(11\)"):
        volumes_of([measured], ["brain"])


def test_labels_without_a_name_are_called_by_their_id(tmp_path):
    measured = measured_with(tmp_path, "case-1", {5: "brain"})

    assert volumes_of([measured]).table["name"].tolist() == [
        "label 1",
        "brain",
        "label 7",
        "label 11",
    ]


def test_a_dictionary_is_found_by_a_models_name_or_a_path_below_the_data_root(tmp_path):
    (tmp_path / "names.tsv").write_text("index\tname\n5\tbrain\n")
    label_map(tmp_path / "in.nii.gz")

    by_path, by_name = (given_dictionary(tmp_path, each) for each in ("names.tsv", "vista3d"))

    assert by_path is not None
    assert by_path.dictionary.name_of(5) == "brain"
    assert by_name is not None
    assert len(by_name.dictionary) == 132
    assert given_dictionary(tmp_path, " ") is None


@pytest.mark.parametrize("model", ["vista3d", "totalsegmentator"])
def test_no_two_organs_of_a_model_are_taken_for_one(model):
    names = [label.name for label in known(model)]

    assert len({organ_key(name) for name in names}) == len(names)
