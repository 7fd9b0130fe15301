import re
from dataclasses import replace
from fnmatch import translate

import numpy as np
import pytest

from imaging.dicom import name_key
from imaging.errors import InputError
from imaging.rt import DVH
from imaging.rt.flags import Flag
from imaging.rt.metrics.context import PlanContext
from imaging.rt.metrics.goals import Goal, GoalTable, Outcome
from imaging.rt.metrics.structures import structure_of, structures

NOTHING = PlanContext()


def ramp(name, low_gy, high_gy, *, number=1, cc=10.0):
    """A DVH whose dose lies evenly between two doses."""
    return DVH(
        roi_number=number,
        roi_name=name,
        volume_cc=cc,
        dose_gy=np.array([0.0, low_gy, high_gy]),
        cumulative_cc=np.array([cc, cc, 0]),
        min_gy=low_gy,
        max_gy=high_gy,
        mean_gy=(low_gy + high_gy) / 2,
    )


def score(structure, text, *dvhs, plan=NOTHING):
    return GoalTable("Table", (Goal.parse(structure, text),)).score(dvhs, plan)


@pytest.mark.parametrize(
    ("text", "outcomes"),
    [  # of mean doses of 3, 4, 4.5, 5 and 6 Gy
        ("Dmean < 4 | < 5", "PASS ACCEPTABLE ACCEPTABLE FAIL FAIL"),
        ("Dmean <= 4 | <= 5", "PASS PASS ACCEPTABLE ACCEPTABLE FAIL"),
        ("Dmean < 4", "PASS FAIL FAIL FAIL FAIL"),
        ("Dmean > 5 | > 4", "FAIL FAIL ACCEPTABLE ACCEPTABLE PASS"),
        ("Dmean >= 5 | >= 4", "FAIL ACCEPTABLE ACCEPTABLE PASS PASS"),
    ],
)
def test_a_limit_is_met_up_to_itself_and_no_further(text, outcomes):
    hearts = [ramp("Heart", mean - 1, mean + 1) for mean in (3, 4, 4.5, 5, 6)]

    assert [result.outcome for result in score("Heart", text, *hearts)] == outcomes.split()


@pytest.mark.parametrize("value", [0.1 + 0.2, 0.3, 0.3 - 1e-16])
def test_rounding_moves_no_value_over_its_limit(value):
    assert Goal.parse("Heart", "Dmean <= 0.3").outcome_of(value) is Outcome.PASS
    assert Goal.parse("Heart", "Dmean < 0.3").outcome_of(value) is Outcome.FAIL


@pytest.mark.parametrize("limit", [0.3, 60.0, 4000.0])
def test_a_little_beyond_a_limit_is_beyond_it(limit):
    for text, beyond in (
        (f"D2% <= {limit}", limit * 1.00001),
        (f"D2% >= {limit}", limit / 1.00001),
    ):
        assert Goal.parse("Heart", text).outcome_of(beyond) is Outcome.FAIL


def test_a_result_says_which_roi_it_is_about():
    (result,) = score("Heart", "Dmean[Gy] < 4", ramp("Coeur", 2, 5, number=7), ramp("Liver", 0, 1))

    assert (result.roi_number, result.roi_name, result.value) == (7, "Coeur", 3.5)
    assert (result.outcome, result.flags, result.reason) == (Outcome.PASS, (), "")


def test_a_structure_that_is_missing_has_a_row_that_says_so():
    (result,) = score("Heart", "Dmean < 4", ramp("Liver", 0, 1))

    assert (result.roi_number, result.value) == (None, None)
    assert result.outcome is Outcome.NOT_EVALUATED
    assert result.reason == Flag.NO_SUCH_ROI.meaning


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("D0.03cc[Gy] < 50", Flag.VOLUME_TOO_SMALL),
        ("V95%[%] > 95", Flag.NO_PRESCRIPTION),
        ("CI > 0.7", Flag.NO_PRESCRIPTION),
        ("EQD2:Dmax[Gy] < 50", Flag.NO_FRACTIONS),
    ],
)
def test_a_metric_that_cannot_be_had_is_not_evaluated_and_says_why(text, flag):
    (result,) = score("SpinalCord", text, ramp("SpinalCord", 2, 5, cc=0.01))

    assert (result.outcome, result.flags) == (Outcome.NOT_EVALUATED, (flag,))
    assert result.reason == flag.meaning


def test_an_empty_roi_is_not_evaluated():
    (result,) = score("Heart", "Dmean < 4", DVH.empty(1, "Heart"))

    assert (result.outcome, result.flags) == (Outcome.NOT_EVALUATED, (Flag.EMPTY,))


def test_a_result_says_what_is_odd_about_its_dvh_too():
    heart = replace(ramp("Heart", 2, 5), flags=(Flag.OUTSIDE_DOSE_GRID, Flag.VOLUME_TOO_SMALL))

    (met,) = score("Heart", "Dmean < 4", heart)
    (unknown,) = score("Heart", "D99cc > 4", heart)
    assert (met.outcome, met.flags) == (Outcome.PASS, heart.flags)
    assert unknown.flags == (Flag.VOLUME_TOO_SMALL, Flag.OUTSIDE_DOSE_GRID)


def test_every_target_that_a_pattern_means_has_a_row():
    targets = [ramp("PTV_54", 53, 55, number=1), ramp("PTV_60", 50, 62, number=2)]

    results = score("PTV*", "D98%[Gy] > 52", *targets)
    assert [(r.roi_name, r.outcome) for r in results] == [("PTV_54", "PASS"), ("PTV_60", "FAIL")]


def test_a_named_target_is_not_any_target():
    assert Goal.parse("PTV_60", "Dmin > 50").patterns == ("PTV_60",)


def test_a_goal_in_effective_dose_uses_the_plan():
    plan = PlanContext(fractions=5, alpha_beta_gy={"SpinalCord": 2})

    (result,) = score("SpinalCord", "EQD2:Dmax[Gy] < 45 | < 50", ramp("Cord", 5, 20), plan=plan)
    assert result.value == pytest.approx(20 * (4 + 2) / (2 + 2))
    assert result.outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("text", "short"),
    [("Dmean < 4 gy | < 5 GY", "Dmean < 4 | < 5"), ("V20Gy[cc] ≤ 30 CC", "V20Gy[cc] <= 30")],
)
def test_the_unit_of_a_limit_says_nothing_new(text, short):
    assert Goal.parse("Heart", text) == Goal.parse("Heart", short)


def test_a_goal_is_read_back_as_itself():
    for text in ("Dmean[Gy] < 4 | < 5", "V20Gy[cc] <= 30", "EQD2:D0.03cc[Gy] < 50", "CI > 0.7"):
        assert Goal.parse("Heart", text).text == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Dmean[Gy]", "it compares nothing"),
        ("Dmean[Gy] = 4", "it compares nothing"),
        ("Dmaen[Gy] < 4", "is no DVH metric"),
        ("Dmean[Gy] < four", "no sign and number"),
        ("Dmean[Gy] < 4,5", "no sign and number"),
        ("Dmean[Gy] < 4 %", "Dmean[Gy] is in Gy, and the limit in %"),
        ("V20Gy < 30 cc", "V20Gy[%] is in %, and the limit in cc"),
        ("HI < 0.1 %", "HI is in no unit"),
        ("Dmean < 4 | 5", "no sign and number"),
        ("Dmean < 4 | > 5", "same sign"),
        ("Dmean < 4 | < 5 | < 6", "same sign"),
        ("Dmean < 5 | < 4", "not looser"),
        ("Dmean > 4 | > 4", "not looser"),
    ],
)
def test_what_is_no_goal_is_refused_with_its_reason(text, reason):
    with pytest.raises(InputError) as refusal:
        Goal.parse("Heart", text)

    assert reason in str(refusal.value)


@pytest.mark.parametrize(
    ("roi_name", "structure"),
    [
        ("SpinalCord", "SpinalCord"),
        ("spinal cord", "SpinalCord"),
        ("Myelon", "SpinalCord"),
        ("left lung", "Lung_L"),
        ("LeftLung", "Lung_L"),
        ("Lung Lt", "Lung_L"),
        ("LUNG-R", "Lung_R"),
        ("Lunge re", "Lung_R"),
        ("poumon droit", "Lung_R"),
        ("both lungs", "Lungs"),
        ("coeur", "Heart"),
        ("Herz", "Heart"),
        ("Parotis links", "Parotid_L"),
        ("femoral head left", "Femur_Head_L"),
        ("R Femoral Head", "Femur_Head_R"),
        ("Oesophagus", "Esophagus"),
        ("brain stem", "Brainstem"),
        ("chiasm", "OpticChiasm"),
        ("Rektum", "Rectum"),
        ("Vessie", "Bladder"),
        ("bowel bag", "Bag_Bowel"),
        ("BODY", "External"),
        ("PTV60", "PTV*"),
    ],
)
def test_other_names_of_a_structure_are_known(roi_name, structure):
    found = structure_of(roi_name)

    assert found is not None
    assert found.name == structure


@pytest.mark.parametrize(
    "roi_name",
    [
        "PRV_SpinalCord",
        "SpinalCord_PRV05",
        "Cord PRV",
        "SpinalCord+5mm",
        "Lung_L-GTV",
        "Lung",
        "LLung",
        "PRV",
    ],
)
def test_what_is_not_quite_a_structure_is_not_that_structure(roi_name):
    assert structure_of(roi_name) is None


def test_no_name_means_two_structures():
    meaning = {
        structure.name: re.compile("|".join(translate(name_key(p)) for p in structure.patterns))
        for structure in structures()
    }

    for structure in structures():
        for pattern in structure.patterns:
            name = name_key(pattern.replace("?", " ").replace("*", "60"))
            assert [who for who, its in meaning.items() if its.match(name)] == [structure.name]


def test_a_planning_risk_volume_is_meant_only_by_patterns_that_say_so():
    dvhs = [ramp("SpinalCord", 1, 40), ramp("PRV_SpinalCord", 1, 50), ramp("Cord_PRV", 1, 50)]

    for structure in ("SpinalCord", "cord", "*cord*"):
        assert {r.roi_name for r in score(structure, "Dmax < 45", *dvhs)} == {"SpinalCord"}
    assert [r.roi_name for r in score("PRV_*", "Dmax < 45", *dvhs)] == ["PRV_SpinalCord"]
