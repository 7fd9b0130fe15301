"""The page in a real browser: what the legend says is what is seen."""

import pytest
from selenium.webdriver.common.keys import Keys

from imaging.fusion.viewer import write_viewer
from tests.imaging.fusion.glbs import ball, write_glb

_ALL = {"16", "26", "11", "46", "36", "41"}


def test_it_opens_from_a_disk_without_a_complaint_and_asks_for_nothing_else(page, case_file):
    asked = [request["url"] for request in page.browser.requests()]

    assert [url for url in asked if not url.startswith("data:")] == [case_file.as_uri()]
    assert page.complaints() == []
    assert page.driver.title == "Case 7"
    assert page.find("h1").text == "Case 7"


def test_the_front_shows_the_patients_right_at_the_left(page):
    at = page.places()
    middle = page.find("#canvas").size["width"] / 2

    assert set(at) == _ALL
    assert at["16"][0] < at["11"][0] < middle < at["26"][0]
    assert at["46"][0] < at["41"][0] < middle < at["36"][0]
    assert at["16"][1] < at["46"][1]
    assert page.find("#side-left").text == "R"
    assert page.find("#side-right").text == "L"


@pytest.mark.parametrize(
    ("view", "near", "far", "front_is_left"),
    [("right", "16", "26", False), ("left", "26", "16", True)],
)
def test_a_side_shows_its_own_teeth(page, view, near, far, front_is_left):
    page.look(view)

    at = page.places()

    assert at.get(far, (0, 0, 0))[2] < at[near][2] / 5
    assert (at["11"][0] < at[near][0]) == front_is_left
    assert page.find(f'[data-view="{view}"]').get_attribute("aria-pressed") == "true"
    assert page.find('[data-view="front"]').get_attribute("aria-pressed") == "false"


@pytest.mark.parametrize(
    ("view", "teeth", "front_is_up"),
    [("upper", ("16", "11", "26"), True), ("lower", ("46", "41", "36"), False)],
)
def test_an_arch_is_seen_alone_from_its_chewing_side(page, view, teeth, front_is_up):
    page.look(view)

    at = page.places()

    right, front, left = teeth
    assert set(at) == set(teeth)
    assert at[right][0] < at[front][0] < at[left][0]
    assert (at[front][1] < at[right][1]) == front_is_up
    assert page.find("#status").text.endswith("jaw is left out of this view.")


def test_a_tooth_of_the_opposite_arch_is_shown_where_it_is_alone(page):
    page.look("upper")
    page.tooth("46").click()
    assert set(page.places()) == {"16", "11", "26"}

    page.find("#none").click()
    page.tooth("46").click()

    assert set(page.places()) == {"46"}


def test_a_tooth_that_is_switched_off_is_not_seen_and_comes_back(page):
    button = page.tooth("26")
    before = page.places()["26"]

    button.click()
    assert set(page.places()) == _ALL - {"26"}
    assert button.get_attribute("aria-pressed") == "false"
    button.click()

    assert page.places()["26"] == pytest.approx(before)
    assert button.get_attribute("aria-pressed") == "true"


def test_a_group_is_switched_as_one_and_tells_when_a_part_of_it_is_off(page):
    group = page.find("#legend section input")
    mixed = "return arguments[0].indeterminate"

    page.tooth("11").click()
    assert page.run(mixed, group)
    group.click()  # what is partly on goes off
    assert page.places() == {}
    group.click()

    assert set(page.places()) == _ALL
    assert not page.run(mixed, group)
    assert page.tooth("11").get_attribute("aria-pressed") == "true"


def test_only_this_hides_all_else_and_reset_brings_back_the_beginning(page):
    page.find("#legend details summary").click()
    page.find('[aria-label="Only 36 Lower left first molar"]').click()
    assert set(page.places()) == {"36"}

    page.find("#none").click()
    assert page.places() == {}
    page.find("#reset").click()

    assert set(page.places()) == _ALL


def test_a_group_that_is_hidden_at_first_is_unpacked_when_it_is_wanted(page):
    packed = "return document.getElementById('glb-3') !== null"
    assert page.run(packed)
    assert page.run("return viewer.where(viewer.keyOf('13 Upper right canine'))") is None

    page.tooth("13").click()
    page.browser.wait_until(
        lambda _: page.run("return viewer.where(viewer.keyOf('13 Upper right canine'))?.drawn")
    )

    assert not page.run(packed)
    assert page.complaints() == []


def test_the_name_under_the_pointer_is_said_and_a_click_chooses(page):
    x, y, _ = page.places()["26"]

    page.move_to(x, y).perform()
    page.browser.wait_until(lambda _: page.find("#said").text)
    assert page.find("#said").text == "26 Upper left first molar · Fused teeth"
    assert not page.find("#hide").is_displayed()

    page.move_to(x, y).click().perform()
    assert "chosen" in page.tooth("26").get_attribute("class")
    page.find("#hide").click()

    assert set(page.places()) == _ALL - {"26"}
    assert not page.find("#hide").is_displayed()


def test_dragging_turns_the_model_and_chooses_nothing(page):
    before = page.places()["16"]

    page.move_to(400, 350).click_and_hold().move_by_offset(90, 0).release().perform()

    assert abs(page.places()["16"][0] - before[0]) > 20
    assert not page.find("#hide").is_displayed()
    assert page.find("#side-left").text == ""  # R and L would be wrong


def test_keys_turn_and_zoom(page):
    canvas = page.find("#canvas")
    first = page.places()

    canvas.send_keys(Keys.ARROW_RIGHT * 3)
    turned = page.places()
    assert turned["11"][0] > first["11"][0] + 20  # the front goes to the right
    canvas.send_keys(Keys.ARROW_LEFT * 3)
    assert page.places()["11"][:2] == pytest.approx(first["11"][:2], abs=2)
    canvas.send_keys(Keys.ARROW_UP * 3)
    assert page.places()["11"][1] < first["11"][1] - 20
    canvas.send_keys(Keys.ARROW_DOWN * 3)
    canvas.send_keys("+++")

    assert page.places()["16"][2] > 1.2 * first["16"][2]


def test_the_chart_is_worked_by_keys(page):
    page.tooth("16").send_keys(Keys.SPACE)
    assert set(page.places()) == _ALL - {"16"}

    page.run("arguments[0].focus()", page.tooth("16"))
    assert page.run("return document.activeElement.textContent") == "16"
    focused = "return document.activeElement.textContent"
    page.driver.switch_to.active_element.send_keys(Keys.TAB)

    assert page.run(focused) == "11"  # the next tooth that is there


def test_the_chart_is_laid_out_as_the_patient_is_faced(page):
    number = ["16", "11", "26", "46", "41", "36"]
    right, front, left, lower_right, lower_front, lower_left = (
        page.tooth(each).rect for each in number
    )

    assert right["x"] < front["x"] < left["x"]
    assert right["x"] == lower_right["x"]
    assert left["x"] == lower_left["x"]
    assert front["x"] == lower_front["x"]
    assert right["y"] == left["y"] < lower_right["y"] == lower_left["y"]


def test_bone_is_translucent_until_it_is_wanted_solid(page):
    jaw = page.run("return viewer.where(viewer.keyOf('maxilla'))")
    assert jaw["drawn"]

    page.browser.set("#bone", "0")
    assert not page.run("return viewer.where(viewer.keyOf('maxilla')).drawn")
    assert page.run("return viewer.pick(arguments[0], arguments[1])", jaw["x"], jaw["y"]) is None
    page.browser.set("#bone", "1")

    assert page.run("return viewer.where(viewer.keyOf('maxilla')).drawn")
    key = page.run("return viewer.keyOf('maxilla')")
    assert page.run("return viewer.pick(arguments[0], arguments[1])", jaw["x"], jaw["y"]) == key


def test_on_a_phone_all_is_within_the_width_and_a_tap_chooses(fusion_browser, case_file):
    page = fusion_browser
    page.resize(390, 844, mobile=True)
    page.open(case_file.as_uri())
    at = page.places()

    assert page.run("return document.documentElement.scrollWidth") == 390
    assert set(at) == _ALL
    assert page.find("#canvas").size["height"] > 300
    for number in _ALL:
        rect = page.tooth(number).rect
        assert rect["x"] >= 0
        assert rect["x"] + rect["width"] <= 390
        assert rect["height"] >= 32
    x, y, _ = at["36"]
    corner = page.run(
        "const {x, y} = arguments[0].getBoundingClientRect(); return [x, y]", page.find("#canvas")
    )
    point = [{"x": corner[0] + x, "y": corner[1] + y}]
    touch = "Input.dispatchTouchEvent"
    page.driver.execute_cdp_cmd(touch, {"type": "touchStart", "touchPoints": point})
    page.driver.execute_cdp_cmd(touch, {"type": "touchEnd", "touchPoints": []})
    page.browser.wait_until(lambda _: page.find("#hide").is_displayed())

    assert page.find("#said").text.startswith("36 ")


def test_a_browser_without_webgl_is_told_and_still_shows_the_names(fusion_browser, case_file):
    page = fusion_browser
    page.resize(1280, 800)
    without = {"source": "HTMLCanvasElement.prototype.getContext = () => null"}
    added = page.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", without)
    try:
        page.open(case_file.as_uri(), until="failed")
    finally:
        page.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)

    assert "no WebGL" in page.find("#problem").text
    assert page.tooth("16").is_displayed()


def test_a_tooth_is_named_through_bone_that_is_translucent(fusion_browser, tmp_path):
    teeth = {"11": ball((0, 0, 0)), "mesiodens": ball((30, 0, 0))}
    tooth = write_glb(tmp_path / "fusion.glb", teeth)
    around = write_glb(tmp_path / "upper.glb", {"maxilla": ball((0, 0, 0), 12.0)})
    groups = {"fusion": tooth, "upper": around}
    page = fusion_browser
    page.open(write_viewer(groups, tmp_path / "viewer.html", "Within").as_uri())
    pick = "const {x, y} = viewer.where(viewer.keyOf('maxilla')); return viewer.pick(x, y)"

    key = "return viewer.keyOf(arguments[0])"
    assert page.run(pick) == page.run(key, "11 Upper right central incisor")
    page.browser.set("#bone", "0")
    drawn = "return viewer.where(viewer.keyOf(arguments[0])).drawn"
    assert page.run(drawn, "mesiodens")  # a tooth, though it has no number
    assert not page.run(drawn, "maxilla")
    page.browser.set("#bone", "1")

    assert page.run(pick) == page.run(key, "maxilla")
