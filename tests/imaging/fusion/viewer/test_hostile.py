"""What a file or a title says is text, wherever it is shown."""

import pytest

from imaging.fusion.viewer import write_viewer
from tests.imaging.fusion.glbs import ball, write_case, write_glb
from tests.imaging.gateway.viewer.running import Gateway, serving

_BREAKOUT = "</script><script>window.bad=1</script>"
_IMAGE = '"><img src=x onerror="window.bad=1">'
_COMMENT = "<!--<script>"


def test_names_and_titles_cannot_break_out(fusion_browser, tmp_path):
    names = [_BREAKOUT, _IMAGE, _COMMENT, "__proto__", "constructor", "[a].b:c/d"]
    meshes = {name: ball((20 * at, 0, 0)) for at, name in enumerate(names)}
    extras = {"constructor": {"title": "'; alert(1)//"}}
    groups = {_BREAKOUT: write_glb(tmp_path / "a.glb", meshes, extras=extras)}
    target = write_viewer(groups, tmp_path / "viewer.html", _BREAKOUT)

    fusion_browser.resize(1280, 800)
    fusion_browser.open(target.as_uri())

    assert fusion_browser.driver.title == _BREAKOUT
    assert fusion_browser.find("h1").text == _BREAKOUT
    shown = [each.text for each in fusion_browser.browser.all("#legend li label")]
    assert shown == [*names[:4], "'; alert(1)//", names[5]]
    for title in shown:  # each is drawn, though the loader of GLBs rewrites names
        where = fusion_browser.run("return viewer.where(viewer.keyOf(arguments[0]))", title)
        assert where["drawn"]
    assert fusion_browser.run("return window.bad") is None
    assert fusion_browser.complaints() == []


def test_two_meshes_of_one_name_are_two(fusion_browser, tmp_path):
    path = write_glb(tmp_path / "a.glb", {"x": ball((0, 0, 0)), "y": ball((20, 0, 0))})
    path.write_bytes(path.read_bytes().replace(b'"name":"y"', b'"name":"x"'))
    target = write_viewer({"fusion": path}, tmp_path / "viewer.html", "Twice")
    fusion_browser.open(target.as_uri())

    boxes = fusion_browser.browser.all("#legend li input")
    boxes[0].click()

    assert len(boxes) == 2
    drawn = fusion_browser.run("return ['0:1', '0:2', '0:3'].map((k) => viewer.where(k)?.drawn)")
    assert sorted(each for each in drawn if each is not None) == [False, True]


def test_a_policy_lets_no_other_script_run(page):
    page.run(
        "const made = document.createElement('script'); made.textContent = 'window.bad = 1';"
        "document.body.append(made);"
        "const image = new Image(); image.src = 'http://127.0.0.1:9/x.png';"
    )

    assert page.run("return window.bad") is None
    complaints = page.browser.wait_until(lambda _: page.complaints())
    assert "Content Security Policy" in complaints[0]


@pytest.fixture
def gateway(tmp_path):
    gateway = Gateway(tmp_path / "root")
    folder = gateway.root / "fusions" / "case-7"
    write_viewer(write_case(folder), folder / "viewer.html", "Case 7")
    with serving(gateway):
        yield gateway


def test_the_gateway_serves_it_in_its_sandbox(fusion_browser, gateway):
    address = f"{gateway.address}/files/fusions/case-7/viewer.html"
    fusion_browser.resize(1280, 800)

    fusion_browser.open(address)

    assert len(fusion_browser.places()) == 6
    assert fusion_browser.complaints() == []
    assert [path for path, _ in gateway.asked] == ["/files/fusions/case-7/viewer.html"]
