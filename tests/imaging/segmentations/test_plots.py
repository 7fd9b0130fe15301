import json
import re
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from imaging.rt.pages.rendering import png_data_uri, write_png
from imaging.segmentations.interactive import write_interactive
from imaging.segmentations.outliers import judge
from imaging.segmentations.plots import Strip, plot_volumes, strips_of
from tests.imaging.segmentations.tables import volumes

EQUAL = [100.0, 104, 98, 102, 96, 101, 99, 103]


def strip(organ: str = "liver", case_id: str = "p8") -> Strip:
    return Strip(
        organ=organ,
        case_ids=["p0", "p1", case_id],
        ml=[100.0, 90, 900],
        is_outlier=[False, False, True],
        is_cut=[False, True, False],
        quartiles=(95.0, 100.0, 110.0),
    )


def words(figure) -> set[str]:
    """All texts inside the axes of a figure."""
    return {text.get_text() for axes in figure.axes for text in axes.texts}


def figure_in(page) -> dict[str, Any]:
    found = re.search(r'id="figure">(.*?)</script>', page.read_text(encoding="utf-8"))
    assert found is not None
    figure: dict[str, Any] = json.loads(found[1])
    return figure


def test_organs_are_drawn_from_the_largest_to_the_smallest_with_their_outliers():
    small = [0.05 * size for size in EQUAL]

    liver, adrenal = strips_of(judge(volumes({"adrenal gland": small, "liver": [*EQUAL, 900.0]})))

    assert (liver.organ, adrenal.organ) == ("liver", "adrenal gland")
    assert liver.is_outlier == [False] * 8 + [True]
    assert liver.quartiles == pytest.approx((99, 101, 103))


def test_organs_that_are_always_cut_have_no_box_and_come_last():
    judged = judge(volumes({"spine": [900.0] * 8, "liver": EQUAL}, {"spine": set(range(8))}))

    liver, spine = strips_of(judged)

    assert (liver.organ, spine.organ) == ("liver", "spine")
    assert spine.quartiles is None
    assert spine.is_cut == [True] * 8


def test_where_not_all_fit_those_with_outliers_are_drawn():
    ordinary = {f"rib {number}": EQUAL for number in range(9)}

    shown = strips_of(judge(volumes({**ordinary, "liver": [*EQUAL[:7], 900.0]})), most=3)

    assert len(shown) == 3
    assert "liver" in [each.organ for each in shown]


def test_the_furthest_outlier_on_each_side_has_its_case_id():
    cohort = volumes({"liver": [*EQUAL, 900.0, 950.0, 10.0]})

    assert words(plot_volumes(strips_of(judge(cohort)), "Demo")) == {"p9 +1", "p10"}


def test_signs_in_names_are_no_formulas(tmp_path):
    figure = plot_volumes([strip("$\\frac$ <b>", "$x$")], "Demo $\\")

    with Image.open(write_png(figure, tmp_path / "plot.png")) as picture:
        assert picture.width > 500


def test_a_hundred_and_seventeen_organs_have_room():
    cohort = volumes({f"organ {number}": [float(number + 1)] * 8 for number in range(117)})

    figure = plot_volumes(strips_of(judge(cohort)), "Demo")

    assert len(figure.axes) == 3
    shown = [label.get_text() for axes in figure.axes for label in axes.get_yticklabels()]
    assert shown == [f"organ {number}" for number in reversed(range(117))]
    assert figure.get_figheight() / 39 > 0.2  # inches a line


def test_a_small_picture_stays_small():
    cohort = volumes({f"organ {number}": EQUAL * 10 for number in range(24)})

    uri = png_data_uri(plot_volumes(strips_of(judge(cohort)), "Demo"), 60_000)

    assert len(uri) <= 60_000


def test_the_page_has_every_point_and_asks_no_host(tmp_path):
    page = write_interactive(
        tmp_path / "volumes.html", [strip()], title="Demo & <co>", subtitle="3 label maps"
    )

    text, figure = page.read_text(encoding="utf-8"), figure_in(page)
    traces = {trace["name"]: trace for trace in figure["data"]}
    assert traces["outlier"]["x"] == [900]
    assert traces["outlier"]["text"] == ["p8<br>liver"]
    assert traces["whole"]["x"] == [100]
    assert traces["cut by the image"]["x"] == [90]
    assert traces["middle half"]["median"] == [100]
    assert figure["layout"]["yaxis"]["ticktext"] == ["liver"]
    assert "Demo &amp; &lt;co&gt;" in text
    assert "default-src 'none'" in text
    assert not re.search(r"<(script|link|img)[^>]*(src|href)=", text.split("<script nonce")[0])


def test_names_cannot_end_the_script_or_become_tags(tmp_path):
    name = "</script><script>alert(1)</script>"

    page = write_interactive(
        tmp_path / "volumes.html", [strip(name, name)], title="Demo", subtitle=""
    )

    assert "<script>alert" not in page.read_text(encoding="utf-8")
    said = "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;"
    assert figure_in(page)["data"][-1]["text"] == [f"{said}<br>{said}"]


def test_of_too_many_points_only_the_outliers_are_drawn(tmp_path):
    many = Strip(
        "liver", ["p"] * 20_002, [1.0] * 20_002, [True] + [False] * 20_001, [False] * 20_002, None
    )

    page = write_interactive(tmp_path / "volumes.html", [many], title="Demo", subtitle="")

    assert {trace["name"]: len(trace.get("x", ())) for trace in figure_in(page)["data"]} == {
        "middle half": 0,
        "outlier": 1,
        "outlier, cut by the image": 0,
    }


def test_the_same_strips_give_the_same_bytes(tmp_path):
    one, other = (
        write_png(plot_volumes([strip()], "Demo"), tmp_path / name) for name in ("1.png", "2.png")
    )

    assert one.read_bytes() == other.read_bytes()
    assert Image.open(BytesIO(one.read_bytes())).format == "PNG"
