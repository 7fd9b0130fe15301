"""Cases, one by one or out of a CSV file."""

from pathlib import Path

import pytest

from imaging.errors import InputError
from imaging.fusion.case import FusionCase, case_of, read_cases

HEADINGS = "case,upper_scan,lower_scan,cbct"


def worklist(tmp_path, *lines, headings=HEADINGS, encoding="utf-8"):
    path = tmp_path / "cases.csv"
    path.write_text("\n".join([headings, *lines]), encoding=encoding)
    return path


def test_a_line_is_a_case_with_paths_from_the_data_root(tmp_path):
    path = worklist(tmp_path, "case-1,in/u.stl,/scans/l.ply,in/cbct")

    cases = read_cases(path, Path("/data"))

    assert cases == [
        FusionCase("case-1", Path("/data/in/u.stl"), Path("/scans/l.ply"), Path("/data/in/cbct"))
    ]


def test_a_spreadsheets_semicolons_mark_and_spare_columns_are_understood(tmp_path):
    headings = "Case ; Upper_Scan;lower_scan;CBCT;series_instance_uid;remark"
    line = "a; u.stl ;l.stl;c.zip;1.2.3;see, and mind"
    path = worklist(tmp_path, line, headings=headings, encoding="utf-8-sig")

    (case,) = read_cases(path, tmp_path)

    assert (case.case, case.upper_scan) == ("a", tmp_path / "u.stl")
    assert case.series_instance_uid == "1.2.3"


def test_every_fault_of_a_worklist_is_told_by_line(tmp_path):
    path = worklist(tmp_path, "a,u,l,c", "b,,l,", "../x,u,l,c", "a,u,l,c")

    with pytest.raises(InputError) as refused:
        read_cases(path, tmp_path)

    told = str(refused.value)
    assert "3 faults" in told
    assert "line 3: these are not named: upper_scan, cbct" in told
    assert "line 4: a case's name" in told
    assert "a is named 2 times" in told


def test_what_stands_where_a_name_should_is_not_repeated(tmp_path):
    path = worklist(
        tmp_path, "Miller John,,l,c", "Miller^John,u,l,c", "Miller,~nobody-at-all/u,l,c"
    )

    with pytest.raises(InputError) as refused:
        read_cases(path, tmp_path)

    assert "3 faults" in str(refused.value)
    assert "line 4: a path begins with the home of somebody" in str(refused.value)
    assert "Miller" not in str(refused.value)


@pytest.mark.parametrize(
    "content", [b"", HEADINGS.encode(), b"case,upper_scan\na,b", b"\xff\xfe\x00", b'case,"\na']
)
def test_what_is_no_worklist_is_refused_without_its_name(tmp_path, content):
    path = tmp_path / "Miller John.csv"
    path.write_bytes(content)

    with pytest.raises(InputError, match="worklist") as refused:
        read_cases(path, tmp_path)

    assert "Miller" not in str(refused.value)


def test_a_worklist_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="cases cannot be read: No such file"):
        read_cases(tmp_path / "none.csv", tmp_path)


@pytest.mark.parametrize("files", [{}, {"upper_scan": Path()}, {"upper_scan": " "}])
def test_a_file_that_is_not_named_is_asked_for(files):
    with pytest.raises(InputError, match="not named: upper_scan, lower_scan, cbct"):
        case_of(Path("/data"), "a", files, "")


@pytest.mark.parametrize("name", ["", ".", "../a", "a/b", "Müller", "a" * 65, "-a", "a b"])
def test_a_name_that_could_lead_elsewhere_is_none(name):
    with pytest.raises(InputError, match="a case's name"):
        FusionCase(name, Path("u"), Path("l"), Path("c"))
