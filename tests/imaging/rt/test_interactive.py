import json
import re
from html.parser import HTMLParser
from importlib.metadata import version

import numpy as np
import pytest

from imaging.rt import DVH
from imaging.rt.pages.interactive import write_interactive, write_library
from imaging.rt.pages.marks import GoalMark
from tests.imaging.rt.ramps import dark, ramp, smooth

AWKWARD = ["</script><script>alert(1)</script>", "<a href='http://a.test'>x</a>", "%{x} & $y$"]


class Page(HTMLParser):
    """The elements of a page with their attributes, and the text in each kind."""

    def __init__(self, path):
        super().__init__()
        self.elements, self.words, self.scripts = [], [], []
        self.open_script = None
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.open_script = dict(attrs) if tag == "script" else None

    def handle_data(self, data):
        if self.open_script is not None:
            self.scripts.append((self.open_script, data))
        elif data.strip():
            self.words.append(data.strip())

    def handle_endtag(self, _):
        self.open_script = None

    @property
    def data(self):
        (text,) = [text for attrs, text in self.scripts if attrs.get("id") == "data"]
        return json.loads(text)

    @property
    def policy(self):
        (policy,) = [
            a["content"] for tag, a in self.elements if tag == "meta" and "http-equiv" in a
        ]
        return {rule.split()[0]: rule.split()[1:] for rule in policy.split(";")}


def written(folder, **changes):
    asked = {"title": "case-1", "dvhs": [ramp()], "shared": folder, **changes}
    return Page(write_interactive(folder / "cases" / "case 1" / "dvh.html", **asked))


def test_the_library_is_kept_once_for_all_pages(tmp_path):
    page = written(tmp_path)
    library = tmp_path / f"plotly-{version('plotly')}.min.js"
    before = library.stat().st_mtime_ns

    again = written(tmp_path, title="case-2")

    assert library.stat().st_mtime_ns == before
    assert write_library(tmp_path) == library
    for each in (page, again):
        sources = [attrs["src"] for tag, attrs in each.elements if "src" in attrs]
        assert sources == [f"../../{library.name}"]
    size = (tmp_path / "cases" / "case 1" / "dvh.html").stat().st_size
    assert size < 30_000
    assert "plotly.js" in library.read_text(encoding="utf-8")[:100]


def test_the_librarys_folder_may_have_any_name(tmp_path):
    page = written(tmp_path, shared=tmp_path / "50 % #1")

    (source,) = [attrs["src"] for _, attrs in page.elements if "src" in attrs]
    assert source.startswith("../../50%20%25%20%231/plotly-")


def test_a_page_by_itself_holds_the_library(tmp_path):
    path = write_interactive(tmp_path / "one.html", title="case-1", dvhs=[ramp()])

    page = Page(path)
    assert [other.name for other in tmp_path.iterdir()] == ["one.html"]
    assert not [attrs for _, attrs in page.elements if {"src", "href"} & set(attrs)]
    assert sum(len(text) for _, text in page.scripts) > 4_000_000


def test_nothing_is_loaded_from_anywhere(tmp_path):
    page = written(
        tmp_path, dvhs=[ramp(name=name, number=index) for index, name in enumerate(AWKWARD)]
    )

    pointers = {"src", "href", "action", "srcset", "data", "poster"}
    loads = [attrs[name] for _, attrs in page.elements for name in pointers & set(attrs)]
    assert [load for load in loads if not load.startswith("../../plotly")] == []
    assert page.policy["default-src"] == ["'none'"]
    (nonce,) = page.policy["script-src"]
    run = [attrs for tag, attrs in page.elements if tag == "script" and "type" not in attrs]
    assert {f"'nonce-{attrs['nonce']}'" for attrs in run} == {nonce}
    assert "connect-src" not in page.policy
    own = page.scripts[-1][1]
    assert not re.search(r"https?://|url\(|@import", own)


def test_the_library_may_not_upload_the_curves(tmp_path):
    own = written(tmp_path).scripts[-1][1]

    assert "showSendToCloud: false" in own
    assert 'plotlyServerURL: ""' in own
    assert "displaylogo: false" in own


def test_names_are_text_wherever_they_stand(tmp_path):
    rows = [{"ROI": name, "Dmean[Gy]": 1.0} for name in AWKWARD]
    dvhs = [ramp(name=name, number=index) for index, name in enumerate(AWKWARD)]

    page = written(tmp_path, title="<b>case</b>", dvhs=dvhs, rows=rows)

    assert [roi["label"] for roi in page.data["rois"]] == AWKWARD
    assert set(AWKWARD) <= set(page.words)
    assert "<b>case</b>" in page.words
    assert not {"b", "a"} & {tag for tag, _ in page.elements}
    assert len([tag for tag, _ in page.elements if tag == "script"]) == 3


def test_curves_are_in_percent_of_their_volume_and_end_at_0(tmp_path):
    (roi,) = written(tmp_path, colours={1: "#ff0000"}).data["rois"]

    assert (roi["label"], roi["colour"], roi["cc"]) == ("PTV", "#ff0000", 40)
    assert roi["dose_gy"] == [0, 10, 20, 20]
    assert roi["percent"] == [100, 100, 0, 0]


def test_the_differential_curve_is_per_gy_and_has_its_whole_area(tmp_path):
    (roi,) = written(tmp_path).data["rois"]

    gy, slope = np.array(roi["bins_gy"]), np.array(roi["slope"])
    assert slope[(gy > 10.1) & (gy < 19.9)] == pytest.approx(10)
    assert slope[gy < 9.9] == pytest.approx(0)
    assert slope.sum() * (gy[1] - gy[0]) == pytest.approx(100)
    assert gy[0] == pytest.approx((gy[1] - gy[0]) / 2)


def test_long_curves_are_thinned(tmp_path):
    dvh = smooth()

    (roi,) = written(tmp_path, dvhs=[dvh]).data["rois"]

    assert len(roi["dose_gy"]) < 500
    drawn = np.interp(dvh.dose_gy, roi["dose_gy"], roi["percent"])
    assert np.abs(drawn - dvh.cumulative_percent)[:-1].max() < 2e-3


def test_the_planning_systems_curve_belongs_to_its_roi(tmp_path):
    theirs = {
        "PTV": (np.array([0.0, 20]), np.array([100.0, 0])),
        "Gone": (np.zeros(1), np.zeros(1)),
    }

    page = written(tmp_path, overlays=theirs, overlay_volumes_cc={"PTV": 41.0})

    with_roi, without = page.data["overlays"]
    assert with_roi["group"] == page.data["rois"][0]["group"]
    assert (with_roi["label"], with_roi["cc"]) == ("PTV, planning system", 41)
    assert without["cc"] is None
    assert without["group"] != with_roi["group"]


def test_goals_have_their_shapes_and_say_how_they_were_judged(tmp_path):
    marks = [
        GoalMark("PTV", "dose-at-volume", 19.0, 95, "at least", "met", "D95% >= 19 Gy"),
        GoalMark("PTV", "volume-at-dose", 5.0, 30, "at most", "acceptable"),
        GoalMark("PTV", "max", 21.0, 77, "at most", "failed", "Dmax <= 21 Gy"),
        GoalMark("Heart", "mean", 4.0, 0, "at most", "met"),
    ]

    met, nearly, failed = written(tmp_path, marks=marks).data["marks"]

    assert (met["symbol"], met["dose_gy"], met["percent"]) == ("triangle-right", 19, 95)
    assert met["text"] == "D95% >= 19 Gy: goal met"
    assert (nearly["symbol"], nearly["text"]) == ("triangle-down-open", "goal nearly met")
    assert (failed["symbol"], failed["percent"]) == ("x-thin", 0)


def test_the_table_leaves_out_what_is_missing(tmp_path):
    rows = [
        {"ROI": "PTV", "D95%[Gy]": 10.12345, "n": 3, "flags": ""},
        {"ROI": "Heart", "D95%[Gy]": float("nan"), "n": None, "flags": ""},
    ]

    page = written(tmp_path, rows=rows)

    start = page.words.index("ROI")
    assert page.words[start:] == ["ROI", "D95%[Gy]", "n", "flags", "PTV", "10.123", "3", "Heart"]
    heads = [attrs.get("class") for tag, attrs in page.elements if tag == "th"]
    assert heads == [None, "number", "number", None]


def test_the_page_says_what_it_is_not(tmp_path):
    assert any("Not a medical device" in word for word in written(tmp_path).words)


def test_the_same_content_gives_the_same_page_and_other_content_another_nonce(tmp_path):
    path = tmp_path / "cases" / "case 1" / "dvh.html"
    first = written(tmp_path).policy["script-src"], path.read_bytes()
    again = written(tmp_path).policy["script-src"], path.read_bytes()

    assert first == again
    assert written(tmp_path, dvhs=[ramp(last_gy=21)]).policy["script-src"] != first[0]


def test_nothing_to_draw_makes_a_page_all_the_same(tmp_path):
    assert written(tmp_path, dvhs=[DVH.empty(9, "Areola")]).data["rois"] == []
    data = written(tmp_path, dvhs=[dark()]).data
    assert data["highest_gy"] > 0
    assert data["rois"][0]["percent"] == [100, 0]
