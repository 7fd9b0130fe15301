import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.errors import InputError
from imaging.labels.dictionaries import (
    described,
    dictionary_of,
    known,
    read_dictionary,
    write_dictionary,
)
from imaging.labels.dictionaries.caret import parse_caret
from tests.imaging.labels.labels_in_text import CTBL, DSEG, SNAP, XML, written


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1.*columns"),
        ("name\tid\nliver\t1\n", "line 1.*columns"),
        ("index\tname\tname\n1\ta\tb\n", "line 1.*columns"),
        ("index\tname\tabbr\tabbreviation\n", "line 1.*columns"),
        (DSEG + "1\tliver\tL\t#ffffff\n", "line 2: 4 cells"),
        (DSEG + "\n1.0\tliver\tL\t#ffffff\t1\n", "line 3: '1.0' is no integer"),
        (DSEG + "1_0\tliver\tL\t#ffffff\t1\n", "line 2: '1_0' is no integer"),
        (DSEG + "\u0661\tliver\tL\t#ffffff\t1\n", "line 2: .* is no integer"),
        (DSEG + "999999999999999999999\tliver\tL\t#ffffff\t1\n", "line 2: .* is no integer"),
        (DSEG + "18446744073709551616\tliver\tL\t#ffffff\t1\n", "line 2: 18446744073709551616 is"),
        (DSEG + "n/a\tliver\tL\t#ffffff\t1\n", "line 2: the cell index is empty"),
        (DSEG + "1\tn/a\tL\t#ffffff\t1\n", "line 2: the cell name is empty"),
        (DSEG + "1\tliver\tL\tred\t1\n", "line 2: 'red' is no colour"),
        (DSEG + "1\tliver\tL\t#fff\t1\n", "line 2: '#fff' is no colour"),
        (DSEG + "1\tliver\tL\tn/a\tbone\n", "line 2: 'bone' is no integer"),
        (DSEG + "1\tli\x07ver\tL\tn/a\t1\n", "line 2: label 1: .* is no name"),
        (DSEG + "7\ta\tA\tn/a\t1\n8\tb\tB\tn/a\t1\n7\tc\tC\tn/a\t1\n", "line 4: the id 7.*line 2"),
    ],
)
def test_a_wrong_bids_table_is_refused_with_its_line(text, message, tmp_path):
    with pytest.raises(InputError, match=message):
        read_dictionary(written(tmp_path, text, "x_dseg.tsv"))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('1 255 0 0 1 1 "liver"', "not a row"),
        ("1 255 0 0 1 1 1 liver", "not a row"),
        ('1 255 0 0 1 1 1 "liver', "not a row"),
        ('1 255 0 0 1 1 1 ""', "is no name"),
        ('1 256 0 0 1 1 1 "liver"', "0 to 255"),
        ('1 0.5 0 0 1 1 1 "liver"', "'0.5' is no integer"),
        ('x 255 0 0 1 1 1 "liver"', "'x' is no integer"),
        ('12 255 0 0 1 1 1 "liver"', "the id 12 is that of line 8"),
    ],
)
def test_a_wrong_row_of_itk_snap_is_refused_with_its_line(row, message, tmp_path):
    with pytest.raises(InputError, match=f"line 9: .*{message}"):
        read_dictionary(written(tmp_path, f"{SNAP}{row}\n"))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("5 left kidney 1 2 3 255", "7 fields"),
        ("5 liver 1 2", "4 fields"),
        ("5 liver 1 2 256 255", "0 to 255"),
        ("five liver 1 2 3 255", "'five' is no integer"),
        ("5 liver 0.1 0.2 0.3 1", "'0.1' is no integer"),
        ("3 liver 1 2 3 255", "the id 3 is that of line 6"),
    ],
)
def test_a_wrong_row_of_slicer_is_refused_with_its_line(row, message, tmp_path):
    with pytest.raises(InputError, match=f"line 7: .*{message}"):
        read_dictionary(written(tmp_path, f"{CTBL}{row}\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Label,Name\n", "line 1: .*columns"),
        ("LabelValue,Name,Name\n", "line 1: .*columns"),
        ("LabelValue,Name\n\n1,a,b\n", "line 3: 3 cells"),
        ("LabelValue,Name\n1,\n", "line 2: .*no name"),
        ("LabelValue,Name,Color_R\n1,a,5\n", "line 2: '' is no integer"),
        ("LabelValue,Name\n1,a\n1,b\n", "line 3: the id 1"),
    ],
)
def test_a_wrong_newer_table_of_slicer_is_refused_with_its_line(text, message, tmp_path):
    with pytest.raises(InputError, match=message):
        read_dictionary(written(tmp_path, text, "x.csv"))


def test_a_continuous_scale_of_slicer_is_refused(tmp_path):
    text = "# Color procedural file /path\n# 2 points\n0 0 0 0\n63 0 0.501961 0.490196\n"

    with pytest.raises(InputError, match="line 1: a continuous scale"):
        read_dictionary(written(tmp_path, text, "scale.txt"))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (b"</LabelTable>", b"", "line 4: not XML"),
        (b'Key="1"', b'Key="a"', "line 3: 'a' is no integer"),
        (b'Key="1"', b"", "line 3: a label has no Key"),
        (b'Key="1"', b'Key="-7"', "line 4: the id -7 is that of line 3"),
        (b"spleen", b"", "line 3: .* is no name"),
        (b'Red="1.0"', b'Red="255"', "line 3: '255' is no part"),
        (b'Red="1.0"', b'Red="nan"', "line 3: 'nan' is no part"),
        (b'Red="1.0"', b'Red="red"', "line 3: 'red' is no part"),
        (b"?> <C", b"?><!DOCTYPE x [<!ENTITY a 'b'>]> <C", "no document type"),
        (b"spleen", b"spl\xffeen", "line 3: not"),
    ],
)
def test_a_wrong_table_in_xml_is_refused_with_its_line(before, after, message):
    with pytest.raises(InputError, match=message):
        parse_caret(XML.replace(before, after))


def test_a_file_that_is_no_text_is_refused_with_its_line(tmp_path):
    with pytest.raises(InputError, match="line 2: not UTF-8"):
        read_dictionary(written(tmp_path, DSEG.encode() + b"1\tF\xfc\xdfe\tL\tn/a\tn/a\n"))


def test_a_file_too_large_for_a_dictionary_is_refused(tmp_path):
    with pytest.raises(InputError, match="16 MiB"):
        read_dictionary(written(tmp_path, b"#" * ((16 << 20) + 1)))


@pytest.mark.parametrize(
    ("label", "suffix", "message"),
    [
        (described(-1, "a"), ".label", "1 to 65535"),
        (described(65536, "a"), ".label", "1 to 65535"),
        (described(1, 'a "b" c'), ".label", "quotation mark"),
        (described(-1, "a"), ".ctbl", "no label -1"),
        (described(1, "(none)"), ".ctbl", "no label 1"),
        (described(-1, "a"), ".csv", "no label -1"),
        (described(1, 'a "b"'), ".csv", "no label 1"),
    ],
)
def test_what_a_format_cannot_hold_is_refused_and_nothing_is_written(
    label, suffix, message, tmp_path
):
    with pytest.raises(InputError, match=message):
        write_dictionary(tmp_path / f"x{suffix}", dictionary_of([label]))

    assert list(tmp_path.iterdir()) == []


@given(
    st.sampled_from([b"", DSEG.encode(), SNAP.encode(), CTBL.encode(), XML, b"LabelValue,Name\n"]),
    st.binary(max_size=60) | st.text(max_size=60).map(str.encode),
)
def test_whatever_follows_in_a_file_it_is_read_or_refused(tmp_path_factory, start, rest):
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(start + rest)

    try:
        assert all(label.id for label in read_dictionary(path))
    except InputError as error:
        assert "line " in str(error)  # noqa: PT017 -- it may be read as well


def test_a_line_of_a_megabyte_is_refused(tmp_path):
    with pytest.raises(InputError, match="line 1"):
        read_dictionary(written(tmp_path, "x" * (1 << 20)))


def test_a_name_that_tells_no_format_needs_one_said(tmp_path):
    with pytest.raises(InputError, match="say one of"):
        write_dictionary(tmp_path / "labels.txt", known("vista3d"))

    path = write_dictionary(tmp_path / "labels.txt", known("vista3d"), "slicer")
    assert path.read_text().startswith("# Color table file")
    assert len(read_dictionary(path, "slicer")) == 132
