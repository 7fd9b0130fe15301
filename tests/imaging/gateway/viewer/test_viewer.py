"""The viewer in a real browser: what is in the files is what it shows."""

import gzip
import re

import numpy as np
import pytest

from tests.imaging.gateway.viewer.heads import GRIDS, MIDDLES, PLAIN, SHAPE, structures, write
from tests.imaging.gateway.viewer.looking import GREEN, RED, look, tinted, voxels_in

_SOME = [(0, 0, 0), (47, 39, 31), (24, 20, 16), (5, 33, 12), (40, 7, 29)]


@pytest.mark.parametrize("grid", GRIDS)
def test_every_grid_is_read_as_nibabel_reads_it_and_lies_as_radiologists_see_it(
    chromium, gateway, grid, tmp_path
):
    units = voxels_in(gateway.root / grid / "ct.nii.gz")
    labels = voxels_in(gateway.root / grid / "structures.nii.gz")
    middles = [np.round(np.linalg.solve(GRIDS[grid], (*mm, 1)))[:3] for mm in MIDDLES.values()]
    voxels = [*_SOME, *(tuple(map(int, middle)) for middle in middles)]
    places = [tuple(map(float, (GRIDS[grid] @ (*voxel, 1))[:3])) for voxel in voxels]

    chromium.open(gateway.view(image=f"{grid}/ct.nii.gz", labels=f"{grid}/structures.nii.gz"))

    ask = "return arguments[0].map(at => [viewer.valueAt(...at), viewer.labelAt(...at)])"
    assert chromium.run(ask, voxels) == [[units[at], labels[at]] for at in voxels]
    ask = "return arguments[0].map(at => viewer.at(...at))"
    assert chromium.run(ask, places) == [{"value": units[at], "label": labels[at]} for at in voxels]
    assert {labels[at] for at in voxels} == {0, 1, 2, 3, 4}
    assert chromium.complaints() == []

    chromium.set("#view", "axial")
    picture = look(chromium, tmp_path, grid)
    left, right = (np.argwhere(tinted(picture, color)) for color in (RED, GREEN))
    assert min(len(left), len(right)) > 100
    # The patient's left is on the right; the front is up.
    assert left[:, 1].mean() > right[:, 1].mean() + 50
    assert left[:, 0].mean() < right[:, 0].mean() - 50


def test_nothing_leaves_the_gateway_and_the_policy_is_kept(chromium, gateway):
    chromium.open(gateway.view(image="plain/ct.nii.gz", labels="plain/structures.nii.gz"))

    asked = [request["url"] for request in chromium.requests()]
    assert asked != []
    assert [u[:60] for u in asked if not u.startswith((f"{gateway.address}/", "data:"))] == []
    assert sorted(path for path, _ in gateway.asked) == [
        "/files/plain/ct.nii.gz",
        "/files/plain/structures.nii.gz",
        "/labels/plain/structures.nii.gz",
    ]
    assert chromium.run("return [localStorage.length, sessionStorage.length]") == [0, 0]
    assert chromium.complaints() == []


@pytest.mark.parametrize("page", ["health", "docs", "files/plain/", "view"])
def test_no_page_complains_of_what_a_browser_asks_by_itself(chromium, asking_gateway, page, caplog):
    caplog.set_level("INFO")
    chromium.complaints()

    chromium.driver.get(f"{asking_gateway.address}/{page}")  # the first of its origin, so that
    chromium.wait_until(lambda _: "GET /favicon.ico" in caplog.text)  # its icon is not known yet

    assert chromium.complaints() == []


def test_messages_of_other_windows_change_nothing(plain_head):
    count = "return document.querySelectorAll('*').length"
    parts = plain_head.run(count)

    plain_head.driver.execute_async_script(
        "window.postMessage({type: 'initSettings', body: {}}, '*');"
        "window.postMessage({type: 'addImage', body: {uri: 'https://example.org/x.nii'}}, '*');"
        "setTimeout(arguments[0], 200)"
    )

    assert plain_head.run("return localStorage.length") == 0
    assert plain_head.run(count) == parts
    assert plain_head.complaints() == []


def test_a_label_map_alone_is_shown_in_its_pure_colours(chromium, gateway, tmp_path):
    chromium.open(gateway.view(labels="plain/structures.nii.gz"))
    picture = look(chromium, tmp_path, "labels")

    assert (picture == RED).all(-1).sum() > 100
    assert not chromium.find("#window").is_displayed()
    assert chromium.run("return viewer.valueAt(1, 1, 1)") is None


def test_many_labels_have_their_own_colours_and_do_not_tint_the_image(chromium, gateway, tmp_path):
    labels = np.zeros(SHAPE, dtype=np.int16)
    labels[10:34:2, 10:32:2, 15:19] = np.arange(1, 133).reshape(12, 11, 1)  # as many as VISTA-3D's
    write(gateway.root / "many" / "structures.nii.gz", labels, PLAIN)

    chromium.open(gateway.view(image="plain/ct.nii.gz", labels="many/structures.nii.gz"))
    chromium.set("#view", "axial")
    chromium.set("#opacity", "1")
    picture = look(chromium, tmp_path, "many").astype(int)
    fills = "return [...document.querySelectorAll('#list rect')].map(at => at.getAttribute('fill'))"
    colors = [tuple(map(int, re.findall(r"\d+", fill))) for fill in chromium.run(fills)]
    seen = [(np.abs(picture - color).max(-1) < 2).sum() for color in colors]

    is_grey = picture.max(-1) - picture.min(-1) < 12
    assert 0.8 < is_grey.mean() < 0.99
    assert len(colors) == 132
    assert min(seen) > 5
    assert chromium.run("return viewer.labelAt(32, 30, 16)") == 132


def test_a_file_of_several_volumes_shows_the_one_that_is_chosen(chromium, gateway):
    first = structures(PLAIN)
    series = np.stack([first, np.where(first == 3, 9, 0)], axis=-1).astype(np.int16)
    write(gateway.root / "series" / "structures.nii.gz", series, PLAIN)

    chromium.open(gateway.view(labels="series/structures.nii.gz"))
    middle = tuple(map(int, np.argwhere(first == 3)[0]))
    seen = [chromium.run("return viewer.labelAt(...arguments[0])", middle)]
    chromium.set("#frame", "2")
    seen.append(chromium.run("return viewer.labelAt(...arguments[0])", middle))

    assert seen == [3, 9]
    assert [row.is_displayed() for row in chromium.all("#list li")] == [False] * 4 + [True]


def test_gzip_in_several_members_is_shown_too(chromium, gateway):
    content = gzip.decompress((gateway.root / "plain" / "structures.nii.gz").read_bytes())
    members = [gzip.compress(content[:5000]), gzip.compress(content[5000:])]
    (gateway.root / "plain" / "members.nii.gz").write_bytes(b"".join(members))

    chromium.open(gateway.view(labels="plain/members.nii.gz"))

    assert chromium.run("return viewer.labelAt(24, 20, 25)") == 3


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"labels": "plain/none.nii.gz"}, "There is no such file"),
        ({"image": "plain/broken.nii.gz"}, "image cannot be read"),
        ({"labels": "plain/broken.nii.gz"}, "cannot be read"),
        ({"labels": "plain/pair.hdr"}, "one file"),
        ({"labels": "plain/structures.nii.gz", "image": "plain/none.nii.gz"}, "The image: There"),
        ({"labels": "../view"}, "There is no such file"),
        ({"labels": "plain/../plain/structures.nii.gz"}, "There is no such file"),
        ({"image": "plain/structures.tsv"}, "must be a NIfTI file"),
        ({"labels": "plain/structures.nii.gz", "dictionary": "other"}, "'vista3d' or"),
    ],
    ids=["missing", "no image", "no labels", "pair", "which", "up", "dots", "table", "names"],
)
def test_what_goes_wrong_is_said(chromium, gateway, parameters, said):
    (gateway.root / "plain" / "broken.nii.gz").write_bytes(gzip.compress(b"no image"))

    chromium.open(gateway.view(**parameters), until="failed")

    assert said in chromium.status
    assert str(gateway.root) not in chromium.status
    assert {path.split("/")[1] for path, _ in gateway.asked} <= {"files", "labels"}


def test_a_label_map_on_another_grid_is_shown_and_said_to_be(chromium, gateway):
    coarse = np.diag((8.0, 9.0, 10.0, 1.0))
    coarse[:3, 3] = PLAIN[:3, 3]
    write(gateway.root / "coarse" / "structures.nii.gz", structures(PLAIN)[::2, ::2, ::2], coarse)

    chromium.open(gateway.view(image="plain/ct.nii.gz", labels="coarse/structures.nii.gz"))

    assert "another grid" in chromium.status
    assert chromium.run("return viewer.at(0, 0, 45).label") == 3


def test_an_empty_label_map_offers_nothing_to_download(chromium, gateway):
    write(gateway.root / "plain" / "empty.nii.gz", np.zeros(SHAPE, dtype=np.uint8), PLAIN)

    chromium.open(gateway.view(labels="plain/empty.nii.gz"))

    assert not chromium.find("#download").is_enabled()
    assert chromium.find("#count").text == "0 of 0 shown, 0 listed"


def test_without_webgl_it_says_so(chromium, gateway):
    script = "HTMLCanvasElement.prototype.getContext = () => null"
    made = chromium.driver.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument", {"source": script}
    )
    try:
        chromium.open(gateway.view(image="plain/ct.nii.gz"), until="failed")
    finally:
        chromium.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", made)

    assert "WebGL 2" in chromium.status


def test_without_parameters_it_asks_for_paths(chromium, gateway):
    chromium.open(f"{gateway.address}/view", until="choosing")

    chromium.find("[name=labels]").send_keys("plain/structures.nii.gz")
    chromium.find("#choose button").click()
    chromium.wait_for("ready")

    assert chromium.run("return viewer.labelAt(24, 20, 25)") == 3
