import numpy as np
import pytest

from imaging.rt import plot_dvhs, png_data_uri
from imaging.rt.pages.marks import GoalMark
from tests.imaging.rt.ramps import ramp


def legend_of(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def points_of(line):
    return [np.asarray(values) for values in line.get_data()]


def markers_of(figure):
    return [line for line in figure.axes[0].get_lines() if line.get_linestyle() == "None"]


@pytest.mark.parametrize(
    ("kind", "direction", "marker", "place"),
    [
        ("dose-at-volume", "at least", ">", (20, 95)),
        ("dose-at-volume", "at most", "<", (20, 95)),
        ("volume-at-dose", "at least", "^", (20, 95)),
        ("volume-at-dose", "at most", "v", (20, 95)),
        ("mean", "at most", "<", (20, 4)),
        ("min", "at least", ">", (20, 4)),
    ],
)
def test_a_goal_points_to_what_it_allows(kind, direction, marker, place):
    mark = GoalMark("PTV", kind, 20, 95, direction, "met")

    figure = plot_dvhs([ramp(10, 30)], title="a", colours={1: "#ff0000"}, marks=[mark])

    (line,) = markers_of(figure)
    assert line.get_marker() == marker
    assert tuple(np.ravel(points_of(line))) == place
    assert line.get_markerfacecolor() == "#ff0000"
    stems = [line for line in figure.axes[0].get_lines() if points_of(line)[0].tolist() == [20, 20]]
    assert len(stems) == (kind in ("mean", "min"))


def test_outcomes_differ_without_colour_and_stand_in_the_legend():
    marks = [
        GoalMark("PTV", "mean", 5, 0, "at most", outcome)
        for outcome in ("failed", "acceptable", "unknown")
    ]
    elsewhere = GoalMark("Heart", "mean", 5, 0, "at most", "met")

    figure = plot_dvhs([ramp(10, 30)], title="a", marks=[*marks, elsewhere])

    assert [line.get_marker() for line in markers_of(figure)] == ["x", "<", "."]
    assert markers_of(figure)[1].get_markerfacecolor() == "white"
    assert legend_of(figure) == ["PTV", "goal nearly met", "goal failed", "goal not evaluated"]


def test_a_goal_beyond_the_axis_stands_at_its_end(dvhs):
    far = GoalMark("PTV", "dose-at-volume", 5000.0, 95.0, "at least", "failed")
    figure = plot_dvhs(dvhs, title="far", marks=[far], differential="%", difference=False)

    png_data_uri(figure)  # a layout that collapses warns, and warnings are errors here
    axes = figure.axes[0]
    ends = [
        float(np.asarray(line.get_xdata())[0])
        for line in axes.get_lines()
        if line.get_marker() == "x"
    ]
    assert ends == [pytest.approx(axes.get_xlim()[1])]
