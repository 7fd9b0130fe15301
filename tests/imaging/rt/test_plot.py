import base64
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from imaging.errors import InputError
from imaging.rt import DVH, plot_dvhs, png_data_uri, svg_text, write_png
from imaging.rt.pages.colours import darkened
from tests.imaging.rt.ramps import dark, ramp, smooth


def legend_of(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_the_axes_start_at_0_and_name_their_units(dvhs):
    axes = plot_dvhs(dvhs, title="case-1").axes[0]

    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Dose [Gy]", "Volume [%]")
    assert (axes.get_xlim()[0], axes.get_ylim()[0]) == (0, 0)
    assert axes.get_xlim()[1] > max(dvh.dose_gy[-1] for dvh in dvhs)


def test_the_legend_holds_every_curve_and_lies_beside_the_axes(dvhs):
    names = ["$PTV_1$", "_opt", "<b>"]
    renamed = [replace(dvh, roi_name=name) for dvh, name in zip(dvhs, names, strict=False)]

    figure = plot_dvhs([*renamed, DVH.empty(9, "Areola")], title="case-1")

    assert legend_of(figure) == names
    figure.canvas.draw()
    legend, axes = figure.legends[0].get_window_extent(), figure.axes[0].get_window_extent()
    assert legend.x0 >= axes.x1
    assert legend.x1 <= figure.bbox.x1


def test_a_picture_holds_thirty_rois(dvhs):
    many = [replace(dvhs[index % 8], roi_number=index, roi_name=f"R{index}") for index in range(30)]

    figure = plot_dvhs(many, title="case-1")

    figure.canvas.draw()
    assert figure.legends[0].get_window_extent().y0 >= 0
    looks = {
        (line.get_color(), str(line.get_linestyle()) + str(vars(line)["_dash_pattern"]))
        for line in figure.axes[0].get_lines()
    }
    assert len(looks) > 24


def test_closed_forms_are_dashed_in_the_colour_of_their_roi(dvhs):
    ramp = (np.array([0.0, 10, 20]), np.array([100.0, 100, 0]))

    figure = plot_dvhs(dvhs, title="case-1", colours={1: "#ff0000"}, overlays={"PTV": ramp})

    dashed = figure.axes[0].get_lines()[len(dvhs)]
    assert dashed.get_linestyle() == "--"
    red, green, blue = to_rgb(dashed.get_color())
    assert red > 0.3
    assert green == blue == 0
    assert legend_of(figure)[-1] == "closed form"


def test_white_is_darkened_and_red_stays():
    assert max(to_rgb(darkened("#ffffff"))) < 0.6
    assert darkened("#ff0000") == "#ff0000"


def test_the_same_curves_give_the_same_bytes(dvhs, tmp_path):
    first = write_png(plot_dvhs(dvhs, title="case-1"), tmp_path / "a.png").read_bytes()
    second = write_png(plot_dvhs(dvhs, title="case-1"), tmp_path / "b.png").read_bytes()

    assert first == second
    assert b"matplotlib" not in first
    assert svg_text(plot_dvhs(dvhs, title="a")) == svg_text(plot_dvhs(dvhs, title="a"))


def test_a_data_uri_is_as_small_as_asked_for(dvhs):
    figure = plot_dvhs(dvhs, title="case-1")

    sharp, coarse = png_data_uri(figure), png_data_uri(figure, max_bytes=25_000)

    assert len(coarse) <= 25_000 < len(sharp) <= 70_000
    assert base64.b64decode(coarse.partition(",")[2]).startswith(b"\x89PNG")
    with pytest.raises(InputError, match="more than 1000"):
        png_data_uri(figure, max_bytes=1000)


def test_an_svg_is_one_small_element_without_a_date(dvhs):
    svg = svg_text(plot_dvhs(dvhs, title="<case> & $1$"))

    assert ET.fromstring(svg).tag.endswith("svg")  # noqa: S314 - our own text
    assert len(svg) < 60_000
    assert "dc:date" not in svg
    assert "$1$</text>" in svg


def test_no_curve_gives_a_picture_that_says_so():
    figure = plot_dvhs([DVH.empty(9, "Areola")], title="case-1")

    assert [text.get_text() for text in figure.axes[0].texts] == ["no curve"]


def test_threads_draw_the_same_and_leave_no_setting_behind(dvhs):
    before = dict(mpl.rcParams)
    with ThreadPoolExecutor(3) as pool:
        uris = pool.map(lambda _: png_data_uri(plot_dvhs(dvhs, title="case-1")), range(3))

    assert len(set(uris)) == 1
    assert dict(mpl.rcParams) == before


def points_of(line):
    return [np.asarray(values) for values in line.get_data()]


def stairs_of(patch):
    return patch.get_data()[:2]


def test_the_overlay_has_the_name_that_it_is_given(dvhs):
    ramp_curve = (np.array([0.0, 10]), np.array([100.0, 0]))

    figure = plot_dvhs(
        dvhs, title="a", overlays={"PTV": ramp_curve}, overlay_label="planning system"
    )

    assert legend_of(figure)[-1] == "planning system"


def test_the_difference_is_ours_minus_theirs_in_percentage_points():
    theirs = (np.array([0.0, 10, 20]), np.array([100.0, 90, 0]))
    ours = [ramp(10, 20), ramp(1, 5, number=2, name="Heart")]

    figure = plot_dvhs(ours, title="a", overlays={"PTV": theirs}, difference=True)

    zero, line = figure.axes[1].get_lines()
    assert len(figure.axes) == 2
    assert points_of(zero)[1][0] == 0
    gy, points = points_of(line)
    assert np.interp([5, 10, 15], gy, points) == pytest.approx([5, 10, 5])


@pytest.mark.parametrize(("unit", "height"), [("%", 10.0), ("cc", 4.0)])
def test_the_differential_of_a_ramp_is_level(unit, height):
    figure = plot_dvhs([ramp(10, 20)], title="a", differential=unit)

    panel = figure.axes[1]
    values, edges = stairs_of(panel.patches[0])
    inside = (edges[:-1] >= 10) & (edges[1:] <= 20)
    assert values[inside] == pytest.approx(np.full(inside.sum(), height))
    assert values[~inside] == pytest.approx(0)
    assert (np.diff(edges) * values).sum() == pytest.approx(100 if unit == "%" else 40)
    assert panel.get_ylabel() == ("-dV/dD [%/Gy]" if unit == "%" else "-dV/dD [cm³/Gy]")
    assert panel.get_xlabel() == "Dose [Gy]"


def test_a_peak_that_would_flatten_the_others_is_cut_and_said():
    broad = [ramp(0, 40, number=number) for number in range(1, 4)]

    figure = plot_dvhs([*broad, ramp(0, 0.4, number=9)], title="a", differential="%")

    panel = figure.axes[1]
    assert panel.get_ylim()[1] == pytest.approx(4 * 2.5 * 1.05)
    assert [text.get_text() for text in panel.texts] == ["1 peak cut, up to 250"]


def test_thirty_long_names_leave_room_for_the_curves():
    many = [ramp(name=f"Structure {number} " + 50 * "x", number=number) for number in range(30)]

    figure = plot_dvhs(many, title="case " * 30)

    figure.canvas.draw()
    axes, legend = figure.axes[0].get_window_extent(), figure.legends[0].get_window_extent()
    assert axes.width > 0.5 * figure.bbox.width
    assert legend.x0 >= axes.x1
    assert legend.x1 <= figure.bbox.x1 + 1
    assert legend.y0 >= 0
    assert all(len(name) <= 28 for name in legend_of(figure))
    assert len(png_data_uri(figure, 60_000)) <= 60_000


def test_a_name_in_letters_that_the_font_lacks_is_drawn(dvhs):
    figure = plot_dvhs([replace(dvhs[0], roi_name="肺")], title="a")

    assert png_data_uri(figure).startswith("data:image/png")


def test_an_roi_without_dose_is_drawn():
    figure = plot_dvhs([dark()], title="a", differential="cc", overlays={}, difference=True)

    assert figure.axes[0].get_xlim() == (0, 1.03)


def test_ten_thousand_points_make_a_small_picture():
    dvh = smooth()

    figure = plot_dvhs([dvh], title="a")

    assert len(svg_text(figure)) < 30_000
    gy_drawn, percent = points_of(figure.axes[0].get_lines()[0])
    assert np.interp(dvh.dose_gy, gy_drawn, percent) == pytest.approx(
        dvh.cumulative_percent, abs=0.011
    )
    assert percent[-1] == 0
