import pandas as pd
import pytest

from imaging.cohort import CohortSpecification, Decision, DoseRules, ImageRules, Outcome, Outputs
from imaging.cohort.pages.flow import Tally
from imaging.cohort.pages.methods import DvhFacts, as_markdown, methods_paragraph
from imaging.cohort.pages.selection_words import selection_in_words
from imaging.cohort.pages.words import counted, listed
from imaging.cohort.specification import SliceBounds
from imaging.rt import Method
from imaging.rt.conventions import CONVENTIONS


def tally_of(*cases, patients=None):
    tally = Tally(patients=len(cases) if patients is None else patients)
    for outcome, codes in cases:
        tally.add(outcome, [Decision(code) for code in codes])
    return tally


TAKEN = (Outcome.PROCEED, ["I_SUCC_001"])
NO_CT = (Outcome.EXCLUDE, ["I_EXEC_005"])
PHANTOM = (Outcome.EXCLUDE, ["I_EXEC_004"])
GAP = (Outcome.REVIEW, ["II_REV_007"])
PLAIN = CohortSpecification()


def words(**changes):
    return selection_in_words(CohortSpecification(**changes))


def test_numbers_stand_with_their_reasons_the_most_frequent_first():
    paragraph = methods_paragraph(
        tally_of(*[TAKEN] * 5, PHANTOM, NO_CT, NO_CT, GAP), PLAIN, archive="an Orthanc server"
    )

    assert paragraph.startswith("The cohort was extracted from an Orthanc server. ")
    assert (
        "In all, 9 patients were considered. Of these, 3 were excluded: a required modality is"
        " missing (I_EXEC_005, n = 2); only phantom studies (I_EXEC_004, n = 1). Of the others, 1"
        " was put up for review: slices are missing or unevenly spaced (II_REV_007, n = 1). The"
        " remaining 5 made up the cohort." in paragraph
    )


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        ([TAKEN], "In all, 1 patient was considered. That one made up the cohort."),
        ([TAKEN] * 2, "In all, 2 patients were considered. All of them made up the cohort."),
        ([NO_CT], "(I_EXEC_005, n = 1). None was left for the cohort."),
        ([GAP], "In all, 1 patient was considered. Of these, 1 was put up for review:"),
    ],
)
def test_singular_and_plural_are_right(cases, said):
    assert said in methods_paragraph(tally_of(*cases), PLAIN)


def test_courses_are_cases_of_their_own():
    paragraph = methods_paragraph(tally_of(TAKEN, TAKEN, TAKEN, patients=2), PLAIN)

    assert "2 patients were considered, who made 3 cases." in paragraph


@pytest.mark.parametrize(
    "word",
    ["ROI named", "description contains", "slices were", "multiplied", "largest dose", "added"],
)
def test_a_rule_that_is_not_set_is_not_mentioned(word):
    assert word not in selection_in_words(PLAIN)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"wanted_rois": ["PTV*", "CTV*"]}, "hold an ROI named “PTV*” or “CTV*”."),
        ({"required_modalities": ["CT"]}, "A patient had to have CT."),
        ({"required_modalities": ["CT", "RTSTRUCT"]}, "had to have CT and RTSTRUCT that refer"),
        ({"description_must_contain": ["breast"]}, "Only studies whose description contains"),
        ({"description_must_not_contain": ["a", "b"]}, "contains “a” or “b” did not count."),
        ({"slices": SliceBounds(fewest=50)}, "fewer than 50 slices were put up for review."),
        (
            {"slices": SliceBounds(fewest=50, most=500, outside="EXCLUDE")},
            "Image series of fewer than 50 or more than 500 slices were excluded.",
        ),
        ({"approval": "approved_only"}, "Only plans marked as approved were used; rejected"),
        ({"dose": DoseRules(scale_fractions=True)}, "dose of one fraction, it was multiplied"),
        ({"dose": DoseRules(sum_plans=True)}, "all plans made on one structure set were added."),
        (
            {"dose": DoseRules(lowest_maximum_gy=38, highest_maximum_gy=120)},
            "largest dose was below 38 Gy or above 120 Gy were excluded.",
        ),
        ({"several_treatments": "newest"}, "that of the latest plan was taken; where that left"),
        (
            {"several_treatments": "description", "description_may_contain": ["boost"]},
            "the one with “boost” in its description was taken",
        ),
        ({"several_treatments": "every", "course_days": 1}, "studies up to 1 day apart counted"),
    ],
    ids=str,
)
def test_a_rule_that_is_set_is_said(changes, said):
    assert said in words(**changes)


def test_plans_and_doses_are_not_mentioned_where_none_are_wanted():
    said = methods_paragraph(
        tally_of(TAKEN), CohortSpecification(required_modalities=["CT", "RTSTRUCT"])
    )

    assert "plan" not in said.replace("planned", "")
    assert "Gy" not in said


def test_only_what_was_written_is_described():
    nothing = Outputs(image=False, masks=False, label_map=False, dose=False, pictures=False)
    both = Outputs(masks=False, dose_on_image=True)

    assert "NIfTI" not in methods_paragraph(tally_of(TAKEN), CohortSpecification(outputs=nothing))
    said = methods_paragraph(tally_of(TAKEN), CohortSpecification(outputs=both))
    assert "images, all ROIs into one label map." in said
    assert "on its own grid and interpolated linearly onto the grid of the images." in said


def test_resampling_is_told_with_how_often_it_happened():
    rules = CohortSpecification(images=ImageRules(fill_missing_slices=1, straighten_tilt=True))
    tally = tally_of(TAKEN, (Outcome.PROCEED, ["XII_SUCC_002"]))

    assert "No image was resampled." in methods_paragraph(tally, PLAIN)
    said = methods_paragraph(tally, rules)
    assert "Up to 1 missing slice in a row was interpolated (n = 1)." in said
    assert "Tilted images were resampled onto an upright grid (n = 0)." in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (Method().text, "each contour reached half-way to the next and half a gap beyond"),
        (CONVENTIONS["raystation"].method.text, "outlines changed evenly"),
        (CONVENTIONS["proknow"].method.text, "last, at most 1.5 mm, the dose"),
        ("dicompyler-core", "were calculated by dicompyler-core."),
        ("exact, end caps 2 mm, cubic", "were calculated by the method “exact, end caps 2 mm"),
    ],
)
def test_dvhs_are_described_by_the_method_in_their_table(text, said):
    table = pd.DataFrame({"case_id": ["a", "a", "b"], "method": [text, "", text]})
    facts = DvhFacts.of(table)

    assert facts == DvhFacts(2, (text,))
    paragraph = methods_paragraph(tally_of(TAKEN), PLAIN, facts)
    assert "Dose-volume histograms of 2 cases were calculated" in paragraph
    assert said in paragraph


def test_without_dvhs_none_are_mentioned():
    assert DvhFacts.of(None) is None
    assert DvhFacts.of(pd.DataFrame({"case_id": ["a"]})) == DvhFacts(1, ())
    assert "histogram" not in methods_paragraph(tally_of(TAKEN), PLAIN)


def test_versions_of_the_software_are_named():
    paragraph = methods_paragraph(tally_of(TAKEN), PLAIN)

    for name in ("imaging-flows 0.", "pydicom 3.", "SimpleITK 2.", "NumPy 2.", "Python 3."):
        assert name in paragraph


def test_in_markdown_a_pattern_is_no_emphasis():
    assert as_markdown("“PTV*” or “CTV*”") == "# Methods\n\n“PTV\\*” or “CTV\\*”\n"


def test_words_for_counts_and_lists():
    assert [counted(number, "case") for number in (0, 1, 2_000)] == [
        *("0 cases", "1 case", "2,000 cases")
    ]
    assert [listed(parts) for parts in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        *("", "a", "a and b", "a, b and c")
    ]
