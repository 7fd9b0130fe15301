"""The page as a file: whole, alone, always the same."""

import base64
import gzip
import hashlib
import html
import re

import pytest
import trimesh

from imaging.errors import InputError, MeshError
from imaging.fusion.viewer import write_viewer
from imaging.fusion.viewer.three import installed_three, script_of
from tests.imaging.fusion.glbs import ball, scene_and_rest, write_case, write_glb


@pytest.fixture(scope="module")
def groups(tmp_path_factory):
    return write_case(tmp_path_factory.mktemp("case"))


def glbs_in(page):
    blocks = re.findall(r'<script type="application/octet-stream" id="glb-\d">([^<]*)<', page)
    return [gzip.decompress(base64.b64decode(block)) for block in blocks]


def test_it_holds_the_meshes_unchanged_and_names_no_other_place(groups, tmp_path):
    page = write_viewer(groups, tmp_path / "viewer.html", "Case 7").read_text()

    assert glbs_in(page) == [path.read_bytes() for path in groups.values()]
    assert re.findall(r"""(?:src|href)\s*=\s*["'](?!data:)""", page.split("<script>")[0]) == []
    assert str(tmp_path) not in page
    assert "Copyright" in page  # of three.js, whose licence asks for it
    assert "Permission is hereby granted" in page


def test_the_policy_names_each_script_by_its_hash_and_allows_nothing_else(groups, tmp_path):
    page = write_viewer(groups, tmp_path / "viewer.html", "Case 7").read_text()
    policy = html.unescape(re.findall(r'Policy" content="([^"]*)"', page)[0])
    inline = re.findall(r"<(script|style)>(.*?)</\1>", page, re.DOTALL)

    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    hashes: dict[str, list[str]] = {"script": [], "style": []}
    for tag, text in inline:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        hashes[tag].append(f"'sha256-{digest}'")
    assert rules == {
        "default-src": "'none'",
        "script-src": " ".join(hashes["script"]),
        "style-src": " ".join(hashes["style"]),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert len(hashes["script"]) == 2
    assert page.index("Content-Security-Policy") < page.index("<style>")


def test_the_same_meshes_give_the_same_page(groups, tmp_path):
    one, two = (write_viewer(groups, tmp_path / name, "Case 7") for name in ("1.html", "2.html"))

    assert one.read_bytes() == two.read_bytes()


def test_compressed_meshes_are_unpacked_since_their_decoder_is_not_there(tmp_path):
    plain = write_glb(tmp_path / "plain.glb", {"11": ball((0, 0, 0))})
    scene = trimesh.load_scene(plain)
    packed = tmp_path / "packed.glb"
    packed.write_bytes(scene.export(file_type="glb", extension_draco=True))
    assert b"KHR_draco_mesh_compression" in packed.read_bytes()

    (glb,) = glbs_in(write_viewer({"fusion": packed}, tmp_path / "v.html", "Case").read_text())

    written, _ = scene_and_rest(glb)
    assert "extensionsUsed" not in written
    assert "11" in {node.get("name") for node in written["nodes"]}


def test_what_cannot_be_shown_leaves_no_page(tmp_path):
    for content in (b"", b"glTF" * 9, b"<html>"):
        bad = tmp_path / "bad.glb"
        bad.write_bytes(content)
        with pytest.raises(MeshError) as refused:
            write_viewer({"fusion": bad}, tmp_path / "viewer.html", "Case 7")
        assert str(tmp_path) not in str(refused.value)
    with pytest.raises(MeshError, match="nothing to show"):
        write_viewer({}, tmp_path / "viewer.html", "Case 7")

    assert [path.name for path in tmp_path.iterdir()] == ["bad.glb"]


def test_three_js_is_the_one_that_is_known_by_its_hash():
    three = installed_three()

    assert three.script.startswith("/**\n * @license\n * Copyright 2010-2022 Three.js Authors")
    assert three.script.endswith("THREE.GLTFLoader=GLTFLoader;})();")
    assert "THREE.TrackballControls=TrackballControls" in three.script
    assert not re.search(r"<(/?script|!--)", three.script, re.IGNORECASE)


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"<script>THREE.GLTFLoader=GLTFLoader;})();",
        b"<script>a</script><script>THREE.GLTFLoader=GLTFLoader;})();",
        b"<script>a</script>",
        b"<script>THREE.GLTFLoader=GLTFLoader;})();THREE.GLTFLoader=GLTFLoader;})();",
    ],
    ids=["nothing", "another", "two scripts", "no loader", "two loaders"],
)
def test_another_three_js_is_refused(page):
    with pytest.raises(InputError, match=r"requirements\.lock"):
        script_of(page)


@pytest.mark.parametrize("count", [0, 2])
def test_a_page_put_together_otherwise_is_refused_whatever_its_hash(count):
    page = b"<script>" + b"THREE.GLTFLoader=GLTFLoader;})();" * count + b"</script>"

    with pytest.raises(InputError, match=r"requirements\.lock"):
        script_of(page, hashlib.sha256(page).hexdigest())


def test_what_stands_before_and_after_the_library_is_left_out():
    page = b"<p><script>var a;THREE.GLTFLoader=GLTFLoader;})();init();</script>"

    assert script_of(page, hashlib.sha256(page).hexdigest()) == (
        "var a;THREE.GLTFLoader=GLTFLoader;})();"
    )
