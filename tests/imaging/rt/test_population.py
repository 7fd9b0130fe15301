import numpy as np
import pandas as pd
import pytest

from imaging.errors import InputError
from imaging.rt import DVH, CaseDVHs, curves_table, png_data_uri, write_table
from imaging.rt.cases.population import (
    CaseCurve,
    curves_of_parquet,
    curves_of_table,
    plot_population,
    population_table,
)


def level(case, percent, name="Heart", last_gy=10.0):
    """A share of the volume gets up to ``last_gy``, and the rest nothing."""
    curve = np.array([0, 0, last_gy]), np.array([100.0, percent, percent])
    return CaseCurve(f"case-{case}", name, curve)


def at(table, gy, name="Heart"):
    rows = table[table["roi_name"] == name]
    return rows.iloc[np.abs(rows["dose_gy"] - gy).argmin()]


def test_few_cases_have_quartiles_and_their_extremes():
    table = population_table(level(case, percent) for case, percent in enumerate([80, 20, 40, 60]))

    row = at(table, 5)
    assert row[["low", "q25", "median", "q75", "high"]].tolist() == pytest.approx(
        [20, 35, 50, 65, 80]
    )
    assert (row["n"], row["band"]) == (4, "min-max")
    assert at(table, 0)["median"] == 100


def test_many_cases_have_percentiles():
    table = population_table(level(case, case) for case in range(101))

    row = at(table, 5)
    assert row[["low", "q25", "median", "q75", "high"]].tolist() == pytest.approx(
        [5, 25, 50, 75, 95]
    )
    assert (row["n"], row["band"]) == (101, "5-95 %")


def test_beyond_its_last_dose_a_curve_counts_as_0():
    table = population_table([level(1, 60), level(2, 40, last_gy=4), level(3, 50, last_gy=4)])

    assert at(table, 4)["median"] == pytest.approx(50)
    assert at(table, 4.1)["median"] == 0
    assert at(table, 10)["high"] == pytest.approx(60)
    rows = table[table["roi_name"] == "Heart"]
    assert rows["dose_gy"].iloc[-1] == pytest.approx(10.1)
    assert rows["high"].iloc[-1] == 0


def test_names_that_mean_the_same_are_one_structure():
    curves = [
        level(1, 10, "Lung L"),
        level(2, 20, "lung_l"),
        level(3, 30, "lung_l"),
        level(4, 40, "Lung left"),
        level(5, 50, "Other"),
    ]

    table = population_table(curves, aliases={"lung LEFT": "lung_l"})

    assert at(table, 5, "lung_l")["n"] == 4
    assert set(table["roi_name"]) == {"lung_l", "Other"}
    assert table["roi_name"].iloc[0] == "lung_l"


def test_of_two_rois_of_one_structure_the_first_counts():
    table = population_table([level(1, 10), level(1, 90, "heart"), level(2, 10)])

    assert at(table, 5)["n"] == 2
    assert at(table, 5)["high"] == pytest.approx(10)


def test_table_file_and_cases_give_the_same(dvhs, tmp_path):
    cases = [CaseDVHs("case-1", tuple(dvhs[:3])), CaseDVHs("case-2", tuple(dvhs[1:4]))]
    curves = curves_table(cases)
    parquet, _ = write_table(curves, tmp_path, "curves")

    of_cases = population_table(
        CaseCurve(case.case_id, dvh.roi_name, dvh.percent_curve)
        for case in cases
        for dvh in case.dvhs
    )

    pd.testing.assert_frame_equal(of_cases, population_table(curves_of_table(curves)))
    pd.testing.assert_frame_equal(of_cases, population_table(curves_of_parquet(parquet)))
    assert at(of_cases, 0, dvhs[1].roi_name)["n"] == 2


def test_an_roi_without_a_dose_is_no_case(dvhs):
    cases = [CaseDVHs("case-1", (dvhs[0],)), CaseDVHs("case-2", (DVH.empty(1, dvhs[0].roi_name),))]

    assert [item.case_id for item in curves_of_table(curves_table(cases))] == ["case-1"]


def test_no_curves_give_an_empty_table_and_a_picture_that_says_so():
    table = population_table([])

    assert list(table.columns)[:3] == ["roi_name", "dose_gy", "n"]
    figure = plot_population(table, title="cohort")
    assert "no curves" in figure.get_supxlabel()
    with pytest.raises(InputError, match="leads nowhere"):
        population_table([], step_gy=0)


def test_each_structure_has_a_panel_that_says_how_many_cases_it_shows():
    curves = [
        level(case, 50, f"$R_{number}$") for number in range(23) for case in range(number + 1)
    ]

    figure = plot_population(population_table(curves), title="cohort")

    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.get_visible()]
    assert len(titles) == 20
    assert titles[0] == "$R_22$ (n = 23)"
    assert "\n3 structures with fewer cases are not drawn" in figure.get_supxlabel()
    assert "5-95 %, below 20 cases min-max" in figure.get_supxlabel()
    assert len(png_data_uri(figure, 200_000)) < 200_000


def test_the_median_is_drawn_in_the_colour_of_its_structure():
    table = population_table([level(1, 30), level(2, 50), level(3, 60)])

    figure = plot_population(table, title="cohort", colours={"HEART": "#ff0000"})

    assert "not drawn" not in figure.get_supxlabel()
    (line,) = figure.axes[0].get_lines()
    assert line.get_color() == "#ff0000"
    drawn = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    assert np.interp(5, *drawn) == pytest.approx(50)
    again = plot_population(table, title="cohort", colours={"HEART": "#ff0000"})
    assert png_data_uri(figure) == png_data_uri(again)
