import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imaging.errors import InputError
from imaging.labels.dictionaries import (
    Label,
    LabelDictionary,
    described,
    dictionary_of,
    embed_dictionary,
    known,
    read_dictionary,
    write_dictionary,
)
from imaging.labels.dictionaries.caret import caret_text, parse_caret
from imaging.labels.dictionaries.dseg import dseg_text, parse_dseg
from imaging.labels.dictionaries.itksnap import itksnap_text, parse_itksnap
from imaging.labels.dictionaries.slicer import parse_slicer, slicer_text
from imaging.labels.dictionaries.slicer_csv import parse_slicer_csv, slicer_csv_text
from imaging.volumes.label_map import Label as RoiLabel
from imaging.volumes.label_map import as_tsv
from tests.imaging.labels.labels_in_text import CTBL, SNAP, XML, written
from tests.imaging.labels.phantoms import Nifti
from tests.imaging.labels.phantoms import write as write_image

SUFFIXES = (".tsv", ".label", ".ctbl", ".csv", ".xml")
names = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)
ids = st.integers(-(2**63), 2**64 - 1).filter(bool)
labels = st.builds(
    Label,
    id=ids,
    name=names.filter(lambda name: name != "n/a"),
    abbreviation=st.just("") | names.filter(lambda name: name != "n/a"),
    color=st.tuples(*[st.integers(0, 255)] * 3),
    mapping=st.none() | st.integers(-(10**18), 10**18),
    groups=st.lists(st.sampled_from(["bones", "left", "organs of the chest"]), unique=True).map(
        lambda groups: tuple(sorted(groups))
    ),
)
dictionaries = st.lists(labels, unique_by=lambda label: label.id).map(dictionary_of)


def is_refused_somewhere(label: Label) -> bool:
    return not 0 < label.id < 2**16 or '"' in label.name or label.name == "(none)"


def facts(dictionary: LabelDictionary) -> list[tuple[int, str, tuple[int, int, int]]]:
    return [(label.id, label.name, label.color) for label in dictionary]


@given(dictionaries)
def test_a_bids_table_gives_everything_back(dictionary):
    assert parse_dseg(dseg_text(dictionary)) == dictionary


@pytest.mark.parametrize("name", ['"W"', '"', '""', 'a"b', '"a', "a,b", "'x'", "# x", "<x>", "1"])
def test_odd_names_pass_through_a_bids_table_and_xml(name):
    odd = dictionary_of([described(1, name, abbreviation=name, groups=['"x"'])])

    assert parse_dseg(dseg_text(odd)) == odd
    assert facts(parse_caret(caret_text(odd).encode())) == facts(odd)


@pytest.mark.parametrize("name", ["a,b", "a  b", "# x", "(none)", "1,2,3,4", "'x'", "\u00e9"])
def test_odd_names_pass_through_slicers_newer_table_and_itk_snap(name):
    odd = dictionary_of([described(1, name)])

    assert parse_slicer_csv(slicer_csv_text(odd)) == odd
    assert parse_itksnap(itksnap_text(odd)) == odd


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_end_of_line_will_do(end):
    dictionary = parse_dseg(dseg_text(known("vista3d")).replace("\n", end))

    assert dictionary == known("vista3d")


@given(dictionaries)
def test_xml_gives_ids_names_and_colours_back(dictionary):
    assert facts(parse_caret(caret_text(dictionary).encode())) == facts(dictionary)


@given(dictionaries)
@example(dictionary_of([described(1, "(none)")]))  # what 3D Slicer calls a colour of no name
def test_the_other_formats_give_back_what_they_can_hold_and_refuse_the_rest(dictionary):
    ways = (
        (itksnap_text, parse_itksnap),
        (slicer_text, parse_slicer),
        (slicer_csv_text, parse_slicer_csv),
    )
    for write, parse in ways:
        try:
            text = write(dictionary)
        except InputError:
            assert any(is_refused_somewhere(label) for label in dictionary)
            continue
        assert facts(parse(text)) == facts(dictionary)


@pytest.mark.parametrize("model", ["vista3d", "totalsegmentator"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_shipped_dictionary_passes_through_every_format(model, suffix, tmp_path):
    path = write_dictionary(tmp_path / f"labels{suffix}", known(model))
    read = read_dictionary(path)

    blanks = suffix == ".ctbl"  # 3D Slicer's names have none
    assert facts(read) == [
        (label.id, label.name.replace(" ", "_") if blanks else label.name, label.color)
        for label in known(model)
    ]
    assert [label.groups for label in read] == [label.groups for label in known(model)]
    assert (read == known(model)) == (suffix == ".tsv")


def test_a_format_is_told_by_a_name_in_capital_letters_too(tmp_path):
    path = write_dictionary(tmp_path / "LABELS.TSV", known("vista3d"))
    image = write_image(tmp_path / "IN.NII.GZ", Nifti().content())
    image = embed_dictionary(image, tmp_path / "OUT.NII.GZ", known("vista3d"))

    assert read_dictionary(path) == known("vista3d")
    assert len(read_dictionary(image)) == 132
    assert image.read_bytes().startswith(b"\x1f\x8b")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_format_of_a_text_file_is_told_by_its_content(suffix, tmp_path):
    path = write_dictionary(tmp_path / f"labels{suffix}", known("vista3d"))
    renamed = path.rename(tmp_path / "labels.txt")

    assert read_dictionary(renamed).resolve(["right lung middle lobe"]) == (31,)


def test_a_bids_table_is_read_as_people_write_it(tmp_path):
    text = (
        "\ufeffname\tindex\tabbr\tvolume\tcolor\r\nGrey Matter\t100\tGM\t3.5\t#ff53bB\r\n\r\n"
        '"White ""W"" Matter"\t-101\tn/a\t\t\r\nBackground\t0\tBG\t1\t#000000\r\n'
    )

    grey, white = sorted(read_dictionary(written(tmp_path, text)), key=lambda label: -label.id)

    assert (grey.id, grey.name, grey.abbreviation) == (100, "Grey Matter", "GM")
    assert grey.color == (255, 83, 187)
    assert grey.mapping is None
    assert (white.id, white.name, white.abbreviation) == (-101, 'White "W" Matter', "")


def test_a_table_without_groups_takes_them_from_names_and_an_empty_cell_has_none():
    by_name = parse_dseg("index\tname\n1\trib_left_1\n")
    by_cell = parse_dseg("index\tname\tgroups\n1\trib_left_1\tn/a\n2\tx\tbig, small\n")

    assert [label.groups for label in by_name] == [("bones", "left", "ribs")]
    assert [label.groups for label in by_cell] == [(), ("big", "small")]


def test_the_dictionary_of_the_rois_of_a_structure_set_is_read():
    rois = [RoiLabel(2, "Kidney_L", "#a0b1c2", 7, "", 10, 1.0, 0)]

    (label,) = parse_dseg(as_tsv(rois))

    assert label == described(2, "Kidney_L", color=(160, 177, 194))


def test_itk_snaps_descriptions_are_read(tmp_path):
    assert facts(read_dictionary(written(tmp_path, SNAP))) == [
        (1, 'Kidney "left"', (255, 0, 0)),
        (12, "label two", (0, 255, 3)),
    ]


def test_a_slicer_table_is_read_without_background_and_unnamed_colours(tmp_path):
    assert facts(read_dictionary(written(tmp_path, CTBL))) == [
        (1, "artery", (216, 101, 79)),
        (3, "connective_tissue", (111, 184, 210)),
    ]


def test_freesurfers_table_of_colours_is_read(tmp_path):
    text = "#No. Label Name:   R   G   B   A\n\n10  Left-Thalamus   0 118  14   0\n"

    dictionary = read_dictionary(written(tmp_path, text))

    assert facts(dictionary) == [(10, "Left-Thalamus", (0, 118, 14))]
    assert dictionary.resolve(["thalamus left"]) == (10,)


def test_an_xml_table_is_read_with_colours_of_its_own_where_it_has_none(tmp_path):
    read = read_dictionary(written(tmp_path, XML))

    assert facts(read) == [
        (-7, "C&A <1", described(-7, "x").color),
        (1, "spleen", (255, 128, 0)),
    ]


def test_slicers_newer_table_is_read(tmp_path):
    text = (
        "LabelValue,Name,Color_R,Color_G,Color_B,Color_A,TypeCodeMeaning\r\n"
        '7,"left lung, upper",1,2,3,255,Lung\r\n0,Background,0,0,0,0,\r\n9,heart,,,,,\r\n'
    )

    assert facts(read_dictionary(written(tmp_path, text))) == [
        (7, "left lung, upper", (1, 2, 3)),
        (9, "heart", described(9, "heart").color),
    ]
