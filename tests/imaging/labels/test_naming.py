"""Labels asked for by name in a filter: which dictionary counts, and what a name may stand for."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.errors import InputError
from imaging.labels import filter_labels, measure_labels
from imaging.labels.dictionaries import LabelDictionary, described, write_dictionary
from imaging.labels.naming import Names, stem_of
from tests.imaging.labels.phantoms import Nifti, organs, stored_in, write

GOOD = Nifti()
LABELS = organs()
RIBS = LabelDictionary(
    (
        described(1, "rib_left_1"),
        described(5, "rib_left_2"),
        described(7, "rib_right_1"),
        described(11, "liver"),
        described(12, "spleen"),
    )
)


@pytest.fixture
def source(tmp_path) -> Path:
    return write(tmp_path / "in.nii.gz", GOOD.content())


@pytest.mark.parametrize(
    ("keep", "ids"),
    [
        (["liver"], [11]),
        (["Liver", 5], [5, 11]),
        (["rib_left_*"], [1, 5]),
        (["all ribs"], [1, 5, 7]),
        (["left ribs", "11"], [1, 5, 11]),
        (["ribs", "rib_left_1"], [1, 5, 7]),
    ],
)
def test_labels_are_kept_by_name_pattern_group_and_id_as_text(keep, ids, source, tmp_path):
    report = filter_labels(source, tmp_path / "out.nii.gz", keep, dictionary=RIBS)

    assert sorted(report.kept) == ids
    expected = np.where(np.isin(LABELS, ids), LABELS, 0)
    assert np.array_equal(stored_in(tmp_path / "out.nii.gz", GOOD), expected)


def test_a_group_becomes_one_label_and_a_new_id_may_be_a_name(source, tmp_path):
    keep = ["all ribs", "liver"]

    filter_labels(
        source, tmp_path / "out.nii.gz", keep, remap={"ribs": 2, 11: "spleen"}, dictionary=RIBS
    )

    expected = np.select([np.isin(LABELS, [1, 5, 7]), LABELS == 11], [2, 12], 0)
    assert np.array_equal(stored_in(tmp_path / "out.nii.gz", GOOD), expected)


@pytest.mark.parametrize(
    ("remap", "reason"),
    [
        ({"ribs": 2, "rib_left_1": 3}, "label 1 cannot become both 2 and 3"),
        ({11: 3, "liver": 4}, "label 11 cannot become both 3 and 4"),
        ({"liver": "ribs"}, "'ribs' means 3"),
        ({"liver": "livr"}, r"'livr'.*liver \(11\)"),
        ({"spleen": 3}, r"Only labels that are kept can be renamed, not \[12\]"),
    ],
)
def test_renaming_that_says_two_things_is_refused(remap, reason, source, tmp_path):
    keep = ["ribs", "liver"]

    with pytest.raises(InputError, match=reason):
        filter_labels(source, tmp_path / "out.nii.gz", keep, remap=remap, dictionary=RIBS)
    assert not (tmp_path / "out.nii.gz").exists()


def test_renaming_twice_to_the_same_id_is_no_contradiction(source, tmp_path):
    remap = {"ribs": 2, "rib_left_1": 2}

    filter_labels(source, tmp_path / "out.nii.gz", ["ribs"], remap=remap, dictionary=RIBS)

    assert set(np.unique(stored_in(tmp_path / "out.nii.gz", GOOD))) == {0, 2}


def test_unknown_names_are_all_named_with_those_that_there_are(source, tmp_path):
    with pytest.raises(InputError, match=r"'livr' or 'heart'; there are liver \(11\)"):
        filter_labels(source, tmp_path / "out.nii.gz", ["livr", "heart", 5], dictionary=RIBS)


def test_a_text_is_not_taken_for_a_list_of_its_letters(source, tmp_path):
    with pytest.raises(InputError, match="not the text 'liver'"):
        filter_labels(source, tmp_path / "out.nii.gz", "liver", dictionary=RIBS)


@pytest.mark.parametrize("label", [5.0, None, True, np.bool_(True), [5]])
def test_what_is_neither_an_id_nor_a_text_is_refused_as_such(label, source, tmp_path):
    with pytest.raises(InputError, match="asked for by its id or name, not by"):
        filter_labels(source, tmp_path / "out.nii.gz", (label,))


def test_ids_alone_need_no_dictionary(source, tmp_path):
    (tmp_path / "in.tsv").write_text("no dictionary at all\n")

    report = filter_labels(source, tmp_path / "out.nii.gz", [5, "11", 7], remap={"5": 6, 11: "12"})

    assert report.kept == {5: 210, 7: 125, 11: 216}
    with pytest.raises(InputError, match="line 1"):
        filter_labels(source, tmp_path / "out.nii.gz", ["liver"])


@pytest.mark.parametrize("keep", [[5, 99], ["liver", "spleen"], [5, "livr"]])
def test_what_the_file_lacks_is_refused_with_what_it_holds(keep, source, tmp_path):
    with pytest.raises(InputError, match="lacks") as caught:
        filter_labels(source, tmp_path / "out.nii.gz", keep, dictionary=RIBS, missing="refuse")

    assert {str(keep[1]) in str(caught.value), "rib_left_2 (5)" in str(caught.value)} == {True}
    assert "spleen (12)" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["in.nii.gz"]


def test_a_label_without_a_name_is_listed_by_its_id(source, tmp_path):
    few = LabelDictionary((described(11, "liver"),))

    with pytest.raises(InputError, match=r"5 \(5\), 7 \(7\)"):
        filter_labels(source, tmp_path / "out.nii.gz", [6], dictionary=few, missing="refuse")


def test_a_group_is_there_as_soon_as_one_of_its_labels_is(tmp_path):
    one = Nifti(np.where(LABELS == 7, 7, 0).astype("<u1"))
    source = write(tmp_path / "one.nii.gz", one.content())

    report = filter_labels(
        source, tmp_path / "out.nii.gz", ["all ribs", 0], dictionary=RIBS, missing="refuse"
    )

    assert (report.kept, report.missing) == ({7: 125}, (1, 5))


def test_background_is_never_what_a_file_lacks(tmp_path):
    full = Nifti(np.full((4, 5, 6), 5, dtype="<u1"))
    source = write(tmp_path / "full.nii.gz", full.content())

    report = filter_labels(source, tmp_path / "out.nii.gz", [0, 5], missing="refuse")

    assert report.kept == {5: 120}


def test_a_file_whose_header_gives_no_size_is_filtered_without_volumes(tmp_path):
    nowhere = GOOD.but(affine=np.zeros((3, 4)))
    source = write(tmp_path / "in.nii.gz", nowhere.content())

    report = filter_labels(source, tmp_path / "out.nii.gz", [5])

    assert (report.kept, report.voxel_ml, report.ml) == ({5: 210}, None, {})


def test_measures_are_named_where_the_dictionary_knows_the_id(source):
    few = LabelDictionary((described(11, "liver"), described(5, "heart")))

    named = {each.id: each.name for each in measure_labels(source, few)}

    assert named == {1: "", 5: "heart", 7: "", 11: "liver"}


def test_without_a_dictionary_measures_have_the_names_of_the_files_own(source):
    assert measure_labels(str(source))[0].name == "liver"  # of VISTA-3D, as nothing else is there

    table = source.parent / "labels.tsv"
    write_dictionary(table, LabelDictionary((described(1, "tumour"),)))

    assert [each.name for each in measure_labels(source)] == ["tumour", "", "", ""]
    table.write_bytes(b"\xff")
    assert [each.name for each in measure_labels(source)] == ["", "", "", ""]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("a.nii.gz", "a"),
        ("a.b.nii", "a.b"),
        ("a.HDR", "a"),
        ("a.img.gz", "a"),
        ("a.gz", "a.gz"),
        ("a", "a"),
    ],
)
def test_the_stem_is_what_comes_before_the_format(name, stem):
    assert stem_of(Path("folder") / name) == stem


@given(
    remap=st.dictionaries(
        st.sampled_from([1, 5, 7, 11, "1", "liver", "ribs", "left ribs", "rib_right_1"]),
        st.sampled_from([2, 3, "2", "spleen"]),
        max_size=4,
    )
)
def test_every_renaming_is_followed_in_full_or_refused(remap):
    names = Names(Path("none.nii"), RIBS)
    meant = {1: [1], 5: [5], 7: [7], 11: [11], "1": [1], "liver": [11]}
    meant |= {"ribs": [1, 5, 7], "left ribs": [1, 5], "rib_right_1": [7]}
    number = {2: 2, 3: 3, "2": 2, "spleen": 12}
    claims = {(label, number[value]) for key, value in remap.items() for label in meant[key]}

    if len(claims) > len({label for label, _ in claims}):
        with pytest.raises(InputError, match="cannot become both"):
            names.new_ids(remap)
    else:
        assert names.new_ids(remap) == dict(claims)


def test_ranges_together_are_bounded(source):
    with pytest.raises(InputError, match="the ranges hold more than 65536 ids"):
        Names(source, None).ids_of(["1-60000", "60001-66000"])
