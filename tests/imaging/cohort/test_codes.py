from pathlib import Path

import pytest

from imaging.cohort import CODES, Outcome, codes_as_markdown
from imaging.cohort.codes import worst

PAGE = Path(__file__).parents[3] / "docs" / "decisions-codes.md"


def test_the_page_is_the_table():
    assert PAGE.read_text() == codes_as_markdown()


@pytest.mark.parametrize("code", CODES)
def test_a_code_tells_its_stage_and_severity(code):
    stage, severity, number = code.split("_")

    assert set(stage) <= set("IVX")
    assert CODES[code].severity == {"SUCC": "PROCEED", "REV": "REVIEW", "EXEC": "EXCLUDE"}[severity]
    assert len(number) == 3


def test_the_worst_decision_counts():
    assert worst([Outcome.PROCEED, Outcome.EXCLUDE, Outcome.REVIEW]) is Outcome.EXCLUDE
    assert worst([]) is Outcome.EXCLUDE
