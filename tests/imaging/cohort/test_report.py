import json
import re
from html.parser import HTMLParser
from zipfile import ZipFile

import pandas as pd
import pytest

from imaging.cohort import (
    CODES,
    CohortFolder,
    CohortSpecification,
    Decision,
    Outcome,
    candidates_of,
    publish,
    resolve,
)
from imaging.cohort.pages import page, write_report
from imaging.cohort.pages.facts import CaseFacts
from imaging.cohort.pages.page import PageRows
from imaging.errors import InputError
from tests.imaging.cohort.fakes import FILES_ONLY, NOTHING
from tests.imaging.cohort.published import BIRTH_DATE, DATES, EVIL, IDS, NAME, change, published

OUTPUTS = (
    *("report.html", "cohort.xlsx", "methods.md", "decisions.parquet", "decisions.csv"),
    *("rois.parquet", "rois.csv"),
)


class Page(HTMLParser):
    """What a page says, where it points to, and the rows in it."""

    def __init__(self, path):
        super().__init__()
        self.words: list[str] = []
        self.targets: list[str] = []
        self.scripts: list[str] = []
        self.tag = ""
        self.feed(path.read_text(encoding="utf-8"))
        self.rows = json.loads(self.scripts[0])

    def handle_starttag(self, tag, attrs):
        self.tag = tag
        self.targets += [value for name, value in attrs if name in ("src", "href", "action")]

    def handle_data(self, data):
        if self.tag == "script":
            self.scripts += [data] if data.strip() else []
        else:
            self.words += [data.strip()] if data.strip() else []


@pytest.fixture
def run(tmp_path):
    return published(tmp_path)


def written(run, **options):
    return write_report(run.cohort, FILES_ONLY, **options)


def everything(run):
    """Every byte of every output, unpacked."""
    contents = []
    for name in OUTPUTS:
        path = run.cohort.root / name
        contents.append(path.read_bytes())
        if path.suffix == ".xlsx":
            with ZipFile(path) as archive:
                contents += [archive.read(part) for part in archive.namelist()]
        if path.suffix == ".parquet":
            contents.append(pd.read_parquet(path).to_csv().encode())
    return b"\n".join(contents).decode("utf-8", errors="replace")


def case(run, patient_id):
    return run.case_id(patient_id)


def test_the_page_needs_nothing_but_the_cohorts_folder(run):
    path = written(run).page
    html = path.read_text(encoding="utf-8")

    links = [target for target in Page(path).targets if not target.startswith("#")]
    assert links
    assert all((run.cohort.root / link).is_file() for link in links)
    assert not re.search(r"url\(|@import|https?://", html)
    assert "default-src 'none'" in html


def test_every_case_is_a_row_with_outcome_reason_and_codes(run):
    rows = Page(written(run).page).rows
    found = {row[0]: row for row in rows["cases"]}
    outcomes = [rows["outcomes"][found[case(run, id_)][3]] for id_ in IDS]
    excluded = found[case(run, IDS[2])]

    assert outcomes == ["PROCEED", "REVIEW", "EXCLUDE", "EXCLUDE"]
    assert rows["reasons"][excluded[4]] == "a required modality is missing (missing CT)"
    assert [rows["codes"][index][0] for index in excluded[5]] == ["I_EXEC_005"]
    assert found[case(run, IDS[0])][6:11] == [5, 2, 1, 1, 0]  # slices, ROIs, doses, picture, DVH


def test_the_flow_counts_each_case_where_it_left(run):
    words = Page(written(run).page).words

    assert words[words.index("I_EXEC_005") - 2 :][:4] == [
        *("1", "EXCLUDE", "I_EXEC_005"),
        "a required modality is missing",
    ]
    assert words[words.index("XIV_REV_003") - 2] == "1"
    assert words[words.index("In the cohort") - 1] == "1"


def test_text_from_outside_never_becomes_markup(run):
    path = written(run).page

    assert "<script>a" not in path.read_text(encoding="utf-8")
    rows = Page(path).rows
    assert {row[4] for row in rows["candidates"]} == {EVIL}
    assert any("1 <script>" in reason for reason in rows["reasons"])


@pytest.mark.parametrize("show_ids", [False, True])
def test_patient_ids_and_dates_are_told_only_when_asked(run, show_ids):
    written(run, show_ids=show_ids)
    told = everything(run)

    assert NAME not in told
    assert BIRTH_DATE not in told
    assert str(run.cohort.root) not in told
    assert [id_ in told for id_ in IDS] == [show_ids] * 4
    assert [date in told for date in DATES] == [show_ids] * 2


def test_traces_and_paths_stay_in_the_notes(run):
    trace = {"reason": f"Traceback (most recent call last):\n  ValueError: {NAME}"}
    lost = {"reason": f"[Errno 2] Gone: '/d/{IDS[0]} x/1.dcm'"}
    change(run, IDS[0], Decision("XII_EXEC_001", "", trace), Decision("XVI_EXEC_001", "", lost))
    publish(list(IDS), run)
    written(run)
    told = everything(run)

    assert NAME not in told
    assert IDS[0] not in told
    assert "reason: a trace, in the notes" in told
    assert "(reason [Errno 2] Gone: …)" in told


def test_candidates_are_told_apart_by_days(run):
    rows = Page(written(run).page).rows["candidates"]

    assert [row[:2] for row in rows] == [[case(run, IDS[3]), 1], [case(run, IDS[3]), 2]]
    assert [row[5] for row in rows] == ["0", "30"]
    assert all((run.cohort.root / row[6]).is_dir() for row in rows)


def test_the_candidate_that_a_reviewer_left_is_not_waiting(run):
    key = candidates_of(run.cohort, case(run, IDS[3]))[1].key
    resolve(run.cohort, case(run, IDS[3]), key)
    rows = Page(written(run).page).rows

    assert [row[-1] for row in rows["candidates"]] == [0]
    assert rows["outcomes"][{row[0]: row for row in rows["cases"]}[case(run, IDS[3])][3]] == (
        "PROCEED"
    )


def test_a_cohort_without_quarantine_or_dvhs_has_no_section_of_them(run):
    publish(list(IDS[:3]), run)
    words = Page(written(run).page).words

    assert "Quarantine" not in words
    assert "Dose-volume histograms" not in words
    assert "3 patients · extracted" in " ".join(words)


def test_dvhs_are_shown_where_they_were_calculated(run):
    dvhs = run.cohort.root / "dvh"
    page_of_case = dvhs / "cases" / case(run, IDS[0]) / "dvh.html"
    for path in (dvhs / "report.html", dvhs / "population.png", page_of_case):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    shown = Page(written(run).page)

    assert {"dvh/report.html", "dvh/population.png"} <= set(shown.targets)
    assert {row[0]: row[10] for row in shown.rows["cases"]}[case(run, IDS[0])] == 1


def test_the_report_can_be_made_again_from_the_folder_alone(run):
    first = written(run)
    content = [(run.cohort.root / name).read_bytes() for name in OUTPUTS]
    again = write_report(CohortFolder(run.cohort.root), FILES_ONLY)

    assert first == again
    assert [(run.cohort.root / name).read_bytes() for name in OUTPUTS] == content


def test_lost_notes_are_an_error_and_not_a_smaller_cohort(run):
    run.notes(IDS[1]).write_text("{}")

    with pytest.raises(InputError, match="notes of 1 of the patients"):
        written(run)
    assert not (run.cohort.root / "decisions.parquet").exists()


def test_notes_of_patients_who_are_not_in_the_manifest_do_not_count(run):
    (run.cohort.root / "notes" / "case-of-old.json").write_text("{}")
    publish(list(IDS[:2]), run)

    assert len(Page(written(run).page).rows["cases"]) == 2


def test_a_cohort_that_was_never_published_is_refused(tmp_path):
    with pytest.raises(InputError, match="manifest"):
        write_report(CohortFolder(tmp_path), FILES_ONLY)


def test_ten_thousand_cases_are_a_page_of_a_few_megabytes():
    codes = ["I_SUCC_001", "II_SUCC_001", "XI_SUCC_001", "XIII_SUCC_001", "XV_SUCC_001"]
    decisions = tuple(Decision(code) for code in [*codes, "XVI_SUCC_001", "II_REV_007"])
    rows = PageRows(show_ids=False)
    for number in range(10_000):
        reason = f"slices are missing or unevenly spaced (largest gap mm {number / 10})"
        name = f"case-{number:012d}"
        facts = ("", name, name, "1", Outcome.REVIEW, reason, decisions)
        rows.add_case(CaseFacts(*facts, 120, 1, (), has_picture=True, dvh_page=True))

    assert len(rows.as_json()) < 2_500_000


def test_codes_are_listed_by_stage_and_every_code_has_a_stage(run):
    words = Page(written(run).page).words
    names = [word for word in words[words.index("Decided by it") :] if "_SUCC_" in word]
    stages = ["I", "II", "XI", "XIII", "XV", "XVI"]

    assert [name.split("_")[0] for name in names if name.endswith("001")][:6] == stages
    assert {code.stage for code in CODES.values()} <= set(page._STAGES)


def test_courses_are_rows_of_their_own_that_share_the_notes_of_their_patient(tmp_path):
    every = CohortSpecification(several_treatments="every", course_days=10, outputs=NOTHING)
    run = published(tmp_path, every)
    shown = Page(written(run).page)
    name = case(run, IDS[3])

    courses = [row[:3] for row in shown.rows["cases"] if row[0].startswith(name)]
    assert sorted(course for _, _, course in courses) == ["1", "2"]
    assert all(row.startswith(f"{name}-") and of == name for row, of, _ in courses)
    assert "4 patients · 5 cases · extracted" in " ".join(shown.words)
