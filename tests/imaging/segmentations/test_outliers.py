import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.segmentations.outliers import judge
from tests.imaging.segmentations.tables import volumes

# Their logarithms (to base 2) are 5, 6, 7, 7, 7, 8, 8, 9: the median is 7, the MAD 1.
SPREAD = [32, 64, 128, 128, 128, 256, 256, 512]


def findings(judged) -> list[tuple[str, str, str]]:
    table = judged.findings
    return list(zip(table["case_id"], table["organ"], table["finding"], strict=True))


def test_the_modified_z_score_of_a_logarithm_is_the_textbooks():
    judged = judge(volumes({"liver": [*SPREAD, 2.0**13]}))

    # with the ninth: 5, 6, 7, 7, 7, 8, 8, 9, 13, so the median is 7 and the MAD is 1
    z = judged.volumes.set_index("case_id")["z"]
    assert z["p8"] == pytest.approx(6 / 1.4826)
    assert z["p0"] == pytest.approx(-2 / 1.4826)
    assert findings(judged) == [("p8", "liver", "large")]
    row = judged.findings.iloc[0]
    assert (row["typical_ml"], row["compared"]) == (pytest.approx(128), 9)
    assert row["ratio"] == pytest.approx(64)


def test_a_threshold_decides_what_is_an_outlier():
    cohort = volumes({"liver": [*SPREAD, 2.0**13]})

    assert findings(judge(cohort, 4.1)) == []
    assert len(findings(judge(cohort, 1.3))) == 3


def test_nobody_is_an_outlier_among_seven():
    judged = judge(volumes({"liver": [100, 101, 102, 103, 104, 105, 9000]}))

    assert findings(judged) == []
    assert judged.volumes["z"].isna().all()


def test_volumes_that_hardly_differ_are_equal():
    judged = judge(volumes({"liver": [100.0] * 10 + [106.0]}))

    assert findings(judged) == []


def test_one_that_differs_among_equals_is_found():
    judged = judge(volumes({"liver": [100.0] * 10 + [50.0]}))

    assert findings(judged) == [("p10", "liver", "small")]


def test_organs_that_the_image_cuts_off_are_not_compared_with_and_not_too_small():
    sizes = [100, 104, 98, 102, 96, 101, 99, 103]

    judged = judge(volumes({"liver": [*sizes, *[10.0] * 8]}, {"liver": set(range(8, 16))}))

    assert findings(judged) == []
    organ = judged.organs.iloc[0]
    assert (organ["cases"], organ["compared"], organ["cut"]) == (16, 8, 8)
    assert organ["median_ml"] == pytest.approx(100.5)
    z = judged.volumes["z"].to_numpy()
    assert (np.abs(z[:8]) < 2).all()
    assert (z[8:] < -20).all()
    assert judged.volumes["flags"].tolist() == [""] * 8 + ["touches edge"] * 8


def test_a_cut_organ_that_is_too_large_all_the_same_is_found():
    sizes = [100, 104, 98, 102, 96, 101, 99, 103, 500]

    judged = judge(volumes({"liver": sizes}, {"liver": {8}}))

    assert findings(judged) == [("p8", "liver", "large")]
    assert judged.volumes["flags"].iloc[-1] == "large;touches edge"


def test_sides_that_differ_as_nobody_elses_do_are_found():
    left = [80, 100, 150, 200, 120, 90, 170, 110, 140]
    right = [size * 1.1 for size in left]
    right[4] = 60.0  # an ordinary kidney, were it not for the other one

    judged = judge(volumes({"kidney_left": left, "kidney_right": right}))

    assert findings(judged) == [("p4", "kidney_left", "sides differ")]
    assert judged.findings["ratio"].iloc[0] == pytest.approx(2)
    assert judged.findings["typical_ml"].iloc[0] == pytest.approx(60 / 1.1)
    flagged = judged.volumes[judged.volumes["flags"] != ""]
    assert flagged["organ"].tolist() == ["kidney_left", "kidney_right"]
    assert set(flagged["flags"]) == {"sides differ"}


def test_a_side_that_the_image_cuts_off_differs_for_that_reason():
    sides = {"kidney_left": [100.0] * 9, "kidney_right": [*[100.0] * 8, 30.0]}

    assert len(findings(judge(volumes(sides)))) == 2
    assert findings(judge(volumes(sides, {"kidney_right": {8}}))) == []


def test_an_organ_that_nearly_all_others_have_is_missing():
    sizes = [*[100.0] * 9, None]

    judged = judge(volumes({"liver": sizes, "spleen": [50.0] * 8 + [None, None]}))

    assert findings(judged) == [("p9", "liver", "missing")]
    assert judged.findings["typical_ml"].iloc[0] == pytest.approx(100)


def test_what_is_furthest_off_comes_first():
    sizes = [100.0] * 9
    cohort = volumes(
        {
            "liver": [*sizes, 300.0, None],
            "spleen": [*sizes, 100.0, 10.0],
            "brain": [*sizes, 200.0, 100.0],
        }
    )

    judged = judge(cohort)

    assert findings(judged) == [
        ("p10", "spleen", "small"),
        ("p9", "liver", "large"),
        ("p9", "brain", "large"),
        ("p10", "liver", "missing"),
    ]


def test_a_cohort_without_labels_has_no_findings():
    judged = judge(volumes({}))

    assert judged.findings.empty
    assert judged.organs.empty
    assert judged.volumes.empty


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.floats(1, 1000), min_size=8, max_size=30),
    st.floats(0.01, 100),
    st.randoms(use_true_random=False),
)
def test_neither_units_nor_order_change_who_is_an_outlier(sizes, factor, random):
    order = list(range(len(sizes)))
    random.shuffle(order)

    z = judge(volumes({"liver": [*sizes]})).volumes["z"].to_numpy()
    shuffled = judge(volumes({"liver": [factor * sizes[at] for at in order]}))

    assert shuffled.volumes["z"].to_numpy() == pytest.approx(z[order], abs=1e-6)
    assert np.isfinite(z).all()
