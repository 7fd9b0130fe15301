import re
from html.parser import HTMLParser

import numpy as np
import pytest

from imaging.errors import InputError
from imaging.rt import DVH, Flag, PlanContext, ReportPatient, write_report

METRICS = ["Volume[cc]", "D95%", "V95%[%]"]


class Page(HTMLParser):
    """What a page says, and where it points to."""

    def __init__(self, html):
        super().__init__()
        self.words, self.targets, self.tags = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.targets += [value for name, value in attrs if name in ("src", "href", "action")]

    def handle_data(self, data):
        self.words += [data.strip()] if data.strip() else []


@pytest.fixture
def patients(rt_files, dvhs):
    truth = rt_files.patient.truth("PTV")
    ramp = (np.array([0.0, truth.min_gy, truth.max_gy]), np.array([100.0, 100, 0]))
    shown = ReportPatient(
        case_id="case-1",
        decision="PROCEED",
        dvhs=(*dvhs, DVH.empty(9, "Areola", (Flag.NO_CONTOURS,))),
        plan=PlanContext(prescription_gy=50.0),
        summary_roi="ptv",
        references={"PTV": {"D95%[Gy]": 12.345}},
        overlays={"PTV": ramp},
    )
    unsure = ReportPatient(case_id="<b>", decision="REVIEW", codes=("TWO_DOSES",), dvhs=(dvhs[1],))
    return [shown, unsure, ReportPatient(case_id="case-3", decision="EXCLUDE", codes=("NO_DOSE",))]


def written(tmp_path, patients, **changes):
    words = {
        "title": "Breast <2024>",
        "subtitle": "3 patients",
        "settings": {"engine": "exact & new"},
    }
    path = tmp_path / "report.html"
    asked = {"metrics": METRICS, "patients": patients, **words, **changes}
    assert write_report(path, **asked) == path
    return path.read_text(encoding="utf-8")


def test_the_page_needs_nothing_but_itself(tmp_path, patients):
    html = written(tmp_path, patients)
    page = Page(html)

    assert all(target.startswith(("data:image/", "#")) for target in page.targets)
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert not re.search(r"url\(|@import", html)
    assert len(html) < 300_000


def test_the_summary_shows_the_chosen_roi_beside_its_closed_form(tmp_path, patients, dvhs):
    words = Page(written(tmp_path, patients)).words
    row = words[words.index("case-1") :]

    ptv = dvhs[0]
    assert row[:6] == [
        *("case-1", "PROCEED", "PTV", f"{ptv.volume_cc:.2f}"),
        *(f"{ptv.dose_at_volume(95):.2f}", "12.35"),
    ]


def test_every_patient_is_there_with_decision_and_codes(tmp_path, patients):
    words = Page(written(tmp_path, patients)).words

    for word in ("case-1", "<b>", "case-3", "REVIEW", "TWO_DOSES", "EXCLUDE", "NO_DOSE", "no DVH"):
        assert word in words
    assert "No DVH was calculated." in words


def test_flags_are_explained_and_missing_values_are_not_numbers(tmp_path, patients):
    html = written(tmp_path, patients)
    words = Page(html).words

    assert "EMPTY NO_CONTOURS" in words
    assert Flag.NO_CONTOURS.meaning in words
    assert Flag.NO_PRESCRIPTION.meaning in words
    assert Flag.UNEVEN_PLANES.meaning not in words
    assert not {"nan", "None"} & set(words)


def test_text_from_outside_is_escaped(tmp_path, patients):
    html = written(tmp_path, patients)

    assert "Breast &lt;2024&gt;" in html
    assert "exact &amp; new" in html
    assert "<b>" not in html


def test_it_says_what_it_is_and_what_made_it(tmp_path, patients):
    html = written(tmp_path, patients)

    assert "Not a medical device" in html
    assert re.search(r"Python 3\.\d+\.\d+ · imaging-flows .* · dicompyler-core 0\.5", html)


def test_the_same_content_gives_the_same_page(tmp_path, patients):
    assert written(tmp_path, patients) == written(tmp_path, patients)


def test_a_page_without_patients_says_so(tmp_path):
    assert "No patients." in Page(written(tmp_path, [], settings={})).words


def test_a_word_that_is_no_metric_is_refused(tmp_path, patients):
    with pytest.raises(InputError, match="'D95'"):
        written(tmp_path, patients, metrics=["D95"])
