import json
import subprocess
import sys

import pytest

from imaging.dicom.audit import AuditReport, Finding, Kind
from imaging.dicom.audit.__main__ import main
from tests.imaging.dicom.audit.conftest import changed, first

FINDINGS = tuple(
    Finding(f"file {n}", "(0010,0010) PatientName", Kind.NAME if n % 3 else Kind.PLANTED)
    for n in range(90)
)


def test_the_page_counts_all_and_shows_the_first():
    page = AuditReport(FINDINGS, files=100, unreadable=("notes.txt",)).as_markdown()

    assert "99 of 100 files judged as DICOM objects; found: 90." in page
    assert "1 files are no whole DICOM object: they were not judged" in page
    assert f"| {Kind.PLANTED} | 30 |\n| {Kind.NAME} | 60 |" in page
    assert "file 49 |" in page
    assert "file 50 |" not in page
    assert "And 40 more." in page


def test_a_clean_page_says_so():
    page = AuditReport((), files=1).as_markdown()

    assert "1 of 1 files judged as DICOM objects; found: nothing." in page
    assert "not judged" not in page


def test_a_page_stays_small_and_whole_whatever_files_are_called():
    long = tuple(Finding(f"<b>\n{n}" + "|" * 900, "|" * 9000, Kind.TEXT) for n in range(5000))

    page = AuditReport(long, files=1).as_markdown()

    assert len(page.encode()) < 100_000
    assert "<b>" not in page
    assert all(line.count("|") in {0, 3, 4} for line in page.splitlines())


def test_the_json_has_every_finding():
    content = json.loads(json.dumps(AuditReport(FINDINGS, files=100).to_json()))

    assert len(content["findings"]) == 90
    assert content["judged"] == 100
    assert content["counts"] == {"PLANTED": 30, "NAME": 60}
    assert content["findings"][1] == {
        "file": "file 1",
        "place": "(0010,0010) PatientName",
        "kind": "NAME",
    }


def test_the_command_says_that_output_is_clean(output, source, capsys):
    assert main([str(output), "--source", str(source)]) == 0
    assert "found: nothing." in capsys.readouterr().out


def test_the_command_says_what_it_found(output, tmp_path, capsys):
    with changed(first(output)) as dataset:
        dataset.ManufacturerModelName = "Fairweather"
    planted, report = tmp_path / "planted.txt", tmp_path / "report.json"
    planted.write_text("\ufefffairweather\n\n", encoding="utf-8")

    assert main([str(output), "--planted", str(planted), "--json", str(report)]) == 1

    printed = capsys.readouterr().out
    assert Kind.PLANTED in printed
    assert "airweather" not in printed + report.read_text().lower()
    assert json.loads(report.read_text())["counts"] == {"PLANTED": 1}


def test_the_command_knows_of_roi_names_that_were_kept(output, capsys):
    with changed(first(output, "RTSTRUCT")) as dataset:
        dataset.StructureSetROISequence[0].ROIName = "Odd one"

    assert main([str(output)]) == 1
    assert main([str(output), "--kept-roi-name", "Odd*"]) == 0
    assert capsys.readouterr().out


def test_a_folder_without_a_dicom_object_is_not_called_clean(tmp_path, capsys):
    (tmp_path / "names.csv").write_text("Quillfeather\n")
    (tmp_path / "empty").touch()

    assert main([str(tmp_path)]) == 2

    printed = capsys.readouterr()
    assert "0 of 2 files judged" in printed.out
    assert printed.err == "error: the folder holds no whole DICOM object; nothing was judged\n"


def test_what_was_found_counts_though_nothing_could_be_judged(source, tmp_path, capsys):
    (tmp_path / "names.csv").write_text("Quillfeather\n")

    assert main([str(tmp_path), "--source", str(source)]) == 1
    assert Kind.SOURCE_NAME in capsys.readouterr().out


def test_the_command_says_how_many_files_were_only_searched(output, capsys):
    (output / "names.csv").write_text("Quillfeather\n")

    assert main([str(output)]) == 0
    assert "10 of 11 files judged as DICOM objects" in (said := capsys.readouterr().out)
    assert "1 files are no whole DICOM object" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["absent"],
        ["output", "--source", "absent"],
        ["output", "--source", "nothing"],
        ["output", "--planted", "absent"],
        ["output", "--planted", "empty.txt"],
        ["output", "--planted", "binary.txt"],
        ["output", "--json", "output"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_neither_clean_nor_found(output, tmp_path, capsys, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nothing").mkdir()
    (tmp_path / "empty.txt").write_text("\n \n")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\xff")
    assert output.name == "output"

    assert main(arguments) == 2

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")


def test_it_runs_as_a_module_and_shows_no_progress_to_a_file(output):
    command = [sys.executable, "-m", "imaging.dicom.audit", str(output)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_progress_is_shown_to_a_person(output, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    main([str(output)])

    assert capsys.readouterr().err == "\r10 of 10 files\n"
