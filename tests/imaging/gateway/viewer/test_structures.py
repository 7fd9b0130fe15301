"""The list of structures beside the picture, in a real browser."""

import re

import numpy as np
import pytest
from selenium.webdriver.common.keys import Keys

from tests.imaging.gateway.viewer.heads import PLAIN, places_mm, structures, write
from tests.imaging.gateway.viewer.looking import BLUE, GREEN, RED, colored, look, voxels_in


def test_structures_are_listed_with_their_volumes(plain_head):
    rows = [row.text.splitlines() for row in plain_head.all("#list li")]

    assert [name for name, _ in rows] == ["front left", "back right", "top", "bottom"]
    assert rows[0][1] == f"{(structures(PLAIN) == 1).sum() * 4 * 4.5 * 5 / 1000:.0f} ml"
    assert plain_head.driver.title == "Image viewer"


def test_a_structure_that_is_hidden_is_not_seen(plain_head, tmp_path):
    before = look(plain_head, tmp_path, "planes")
    plain_head.find("#list [aria-label='Show front left']").click()
    hidden = plain_head.picture()

    assert colored(before, RED) > 100
    assert colored(hidden, RED) == 0
    assert colored(hidden, GREEN) == pytest.approx(colored(before, GREEN), rel=0.1)
    assert plain_head.find("#count").text == "3 of 4 shown, 4 listed"


def test_none_and_all_mean_those_that_the_search_lists(plain_head):
    plain_head.set("#search", "o")  # front left, top, bottom
    listed = [row.is_displayed() for row in plain_head.all("#list li")]
    plain_head.find("#none").click()
    one = plain_head.picture()
    plain_head.set("#search", "")
    plain_head.find("#none").click()
    is_off = not plain_head.find("#download").is_enabled()
    plain_head.find("#all").click()
    every = plain_head.picture()

    assert listed == [True, False, True, True]
    assert is_off
    assert [colored(one, color) > 0 for color in (RED, GREEN, BLUE)] == [False, True, False]
    assert [colored(every, color) > 0 for color in (RED, GREEN, BLUE)] == [True, True, True]


def test_a_click_on_a_structure_goes_there(plain_head):
    plain_head.find("#list li:nth-child(3) button").click()

    place, value, name = plain_head.find("#location").text.split(" · ")
    assert name == "top"
    assert value.startswith("value ")
    assert re.fullmatch(r"[0-2]\.\d [RL], [0-2]\.\d [AP], 4[3-7]\.\d S mm", place)


def test_keys_move_the_crosshair_as_the_picture_lies(plain_head):
    plain_head.find("#list li:nth-child(3) button").click()
    plain_head.find("#canvas").send_keys(Keys.PAGE_UP)  # from a middle to a voxel
    across, along, up = plain_head.place_mm()
    keys: dict[str, list[tuple[str, tuple[float, float, float]]]] = {
        "axial": [(Keys.ARROW_RIGHT, (-4, 0, 0)), (Keys.ARROW_UP, (-4, 4.5, 0))],
        "coronal": [(Keys.PAGE_DOWN, (-4, 0, 0)), (Keys.ARROW_UP, (-4, 0, 5))],
        "sagittal": [(Keys.ARROW_LEFT, (-4, -4.5, 5)), (Keys.ARROW_DOWN, (-4, -4.5, 0))],
    }

    for view, moves in keys.items():
        plain_head.set("#view", view)
        for key, (x, y, z) in moves:
            plain_head.find("#canvas").send_keys(key)
            expected = (across + x, along + y, up + z)
            assert plain_head.place_mm() == pytest.approx(expected, abs=0.11), (view, key)


def test_a_ct_opens_in_the_window_of_soft_tissue_and_other_images_as_their_file_says(
    chromium, gateway
):
    chosen = "return document.getElementById('window').value"
    chromium.open(gateway.view(image="plain/ct.nii.gz"))
    assert chromium.run(chosen) == "-160 240"

    bright = np.abs(structures(PLAIN)) * 100
    write(gateway.root / "mr.nii.gz", bright, PLAIN)
    chromium.open(gateway.view(image="mr.nii.gz"))
    assert chromium.run(chosen) == ""


def test_the_crosshair_begins_in_the_middle_of_all_structures(chromium, gateway):
    labels = structures(PLAIN)
    labels[labels > 1] = 0
    write(gateway.root / "one.nii.gz", labels, PLAIN)

    chromium.open(gateway.view(image="plain/ct.nii.gz", labels="one.nii.gz"))

    middle = places_mm(PLAIN)[labels == 1].mean(axis=0)
    assert chromium.place_mm() == pytest.approx(tuple(middle), abs=0.11)


def test_opacity_and_window_change_the_picture(plain_head):
    before = plain_head.picture()
    plain_head.set("#window", "-1350 150")
    lung = plain_head.picture()
    plain_head.set("#window", "")
    plain_head.set("#opacity", "0")
    bare = plain_head.picture()

    assert colored(bare, RED) == 0
    assert colored(before, RED) > 0
    assert lung.mean() > before.mean() + 10  # soft tissue is bright in it


def test_what_is_shown_can_be_downloaded(plain_head, tmp_path):
    target = plain_head.downloads / "filtered-structures.nii.gz"
    plain_head.find("#list [aria-label='Show back right']").click()
    plain_head.find("#download").click()
    plain_head.wait_until(lambda _: target.exists())
    saved = target.rename(tmp_path / "saved.nii.gz")

    whole = structures(PLAIN)
    assert np.array_equal(voxels_in(saved), np.where(whole == 2, 0, whole))


def test_a_lost_connection_is_said_and_the_page_goes_on(plain_head):
    def connected(is_so):
        speeds = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        settings = {"offline": not is_so, **speeds}
        plain_head.driver.execute_cdp_cmd("Network.emulateNetworkConditions", settings)

    target = plain_head.downloads / "filtered-structures.nii.gz"
    plain_head.driver.execute_cdp_cmd("Network.enable", {})
    connected(False)
    try:
        plain_head.find("#download").click()
        plain_head.wait_until(lambda _: "connection" in plain_head.status)
    finally:
        connected(True)
    plain_head.find("#download").click()
    plain_head.wait_until(lambda _: target.exists())

    target.unlink()
    assert plain_head.status == "Saved"
    assert plain_head.run("return document.body.classList.contains('failed')") is False


def test_the_field_always_says_which_view_it_is(plain_head):
    plain_head.find("#canvas").click()
    before = plain_head.picture()
    plain_head.find("#canvas").send_keys("v")  # by which NiiVue changes the view itself

    after = plain_head.picture()
    assert (before != after).any(-1).mean() < 0.01


def test_in_a_small_window_the_list_is_still_there(plain_head):
    size = plain_head.driver.get_window_size()
    plain_head.driver.set_window_size(500, 600)
    try:
        height = plain_head.run("return document.querySelector('#list').clientHeight")
        across = plain_head.run("return document.documentElement.scrollWidth - innerWidth")
    finally:
        plain_head.driver.set_window_size(size["width"], size["height"])

    assert height > 80
    assert across <= 0
