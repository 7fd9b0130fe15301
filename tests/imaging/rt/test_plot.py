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
from imaging.rt.plot import _darkened


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
    assert max(to_rgb(_darkened("#ffffff"))) < 0.6
    assert _darkened("#ff0000") == "#ff0000"


def test_the_same_curves_give_the_same_bytes(dvhs, tmp_path):
    first = write_png(plot_dvhs(dvhs, title="case-1"), tmp_path / "a.png").read_bytes()
    second = write_png(plot_dvhs(dvhs, title="case-1"), tmp_path / "b.png").read_bytes()

    assert first == second
    assert b"matplotlib" not in first
    assert svg_text(plot_dvhs(dvhs, title="a")) == svg_text(plot_dvhs(dvhs, title="a"))


def test_a_data_uri_is_as_small_as_asked_for(dvhs):
    figure = plot_dvhs(dvhs, title="case-1")

    sharp, coarse = png_data_uri(figure), png_data_uri(figure, max_bytes=40_000)

    assert len(coarse) <= 40_000 < len(sharp) <= 70_000
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
