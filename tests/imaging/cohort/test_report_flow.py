import re
from itertools import pairwise

import pytest

from imaging.cohort import Decision, Outcome
from imaging.cohort.pages.flow import STEPS, Tally, draw, step_of


def tally_of(*cases):
    tally = Tally(patients=len(cases))
    for outcome, codes in cases:
        tally.add(outcome, [Decision(code) for code in codes])
    return tally


EXCLUDED = (Outcome.EXCLUDE, ["I_SUCC_001", "II_REV_007", "XI_EXEC_011", "XII_EXEC_001"])
REVIEWED = (Outcome.REVIEW, ["I_SUCC_001", "XVI_REV_002", "II_REV_007"])
TAKEN = (Outcome.PROCEED, ["I_SUCC_001", "II_SUCC_001"])


@pytest.fixture
def tally():
    return tally_of(EXCLUDED, REVIEWED, *[TAKEN] * 6, REVIEWED, (Outcome.EXCLUDE, ["I_EXEC_004"]))


def span(band):
    """Where a band begins and ends at the top of the diagram."""
    left, right = re.findall(r"[\d.]+", band.path.replace(",0H", " "))[:2]
    return float(left), float(right)


def test_everyone_leaves_once_or_stays(tally):
    left = [(branch.step, branch.code, branch.count) for branch in tally.branches]

    assert left == [(0, "I_EXEC_004", 1), (1, "II_REV_007", 2), (2, "XI_EXEC_011", 1)]
    assert sum(count for *_, count in left) + tally.proceed == tally.cases == 10
    assert [tally.count(outcome) for outcome in Outcome] == [6, 2, 2]


def test_codes_count_whether_or_not_they_decided(tally):
    assert tally.having["II_REV_007"] == 3
    assert tally.decided_by("II_REV_007") == 2
    assert tally.decided_by("XVI_REV_002") == 0


@pytest.mark.parametrize(
    ("code", "step"),
    [
        *(("I_REV_002", 0), ("II_EXEC_002", 1), ("XI_EXEC_013", 2), ("XIII_EXEC_011", 2)),
        *(("XVI_SUCC_001", 2), ("XVI_EXEC_016", 2), ("XVI_REV_002", 3), ("XVI_EXEC_001", 3)),
        *(("XII_REV_001", 3), ("XIV_REV_003", 3), ("XXIV_EXEC_003", 3)),
    ],
)
def test_a_dose_is_retrieved_before_it_is_chosen_and_written(code, step):
    assert step_of(code) == step


def test_bands_lie_side_by_side_and_are_as_wide_as_they_are_many(tally):
    spans = [span(band) for band in draw(tally).bands]
    widths = [right - left for left, right in spans]

    assert widths == pytest.approx([15, 30, 15, 90])
    assert [left for left, _ in spans] == pytest.approx([right for _, right in spans[1:]] + [1])


def test_few_among_many_are_still_to_be_seen():
    diagram = draw(tally_of(*[TAKEN] * 5_000, EXCLUDED))
    left, right = span(diagram.bands[0])

    assert right - left == pytest.approx(2)


def test_lines_of_text_do_not_overlap_and_say_how_many_are_left(tally):
    lines = draw(tally).lines
    tops = [line.top for line in lines]

    assert min(after - before for before, after in pairwise(tops)) >= 34
    assert [line.count for line in lines if line.branch is None] == [10, 10, 9, 7, 6]


def test_a_flow_where_nobody_is_left_ends_without_a_stream():
    diagram = draw(tally_of(EXCLUDED))

    assert [band.outcome for band in diagram.bands] == [Outcome.EXCLUDE]
    assert [line.count for line in diagram.lines if line.branch is None][-1] == 0
    assert len(diagram.rules) == len(STEPS)
