"""An engine that crashes, hangs or draws nothing makes way for the next."""

import json
import logging
import textwrap
from pathlib import Path
from typing import Any

import psutil
import pytest
import trimesh
from PIL import Image

from imaging.errors import InputError, MeshError
from imaging.fusion.pictures import draw_views
from imaging.fusion.pictures.engines import ENGINES, Engine
from imaging.fusion.pictures.scenes import pieces_of, write_scene
from tests.imaging.fusion.glbs import ball, write_case, write_glb

_SIZE = (64, 48)
_DRAW = """
    import json, sys
    from PIL import Image
    asked = json.load(open(sys.argv[1]))
    for shot in asked["shots"]:
        Image.linear_gradient("L").resize(asked["size"]).save(shot["target"])
"""
_WHITE = _DRAW.replace('linear_gradient("L")', 'new("L", (9, 9), 255)')
_EMPTY, _LACKING = "drew an empty picture", "left a picture out"
_BAD = {
    "crashes": ("import os; os.kill(os.getpid(), 11)", "was ended by SIGSEGV"),
    "fails": ("import sys; sys.exit(3)", "ended with exit code 3"),
    "raises": ("raise RuntimeError('/home/doe')", "ended with exit code 1"),
    "does nothing": ("pass", _LACKING),
    "leaves the last out": (_DRAW + "\n    import os; os.remove(shot['target'])", _LACKING),
    "draws nothing": (_WHITE, _EMPTY),
    "draws too small": (_DRAW.replace('asked["size"]', "(10, 10)"), _EMPTY),
    "writes no picture": (_DRAW + "\n    open(shot['target'], 'w').write('no')", _LACKING),
}


@pytest.fixture
def case(tmp_path):
    return write_case(tmp_path / "case")


def engine(folder, name, program, package="json"):
    script = folder / f"{name.replace(' ', '-')}.py"
    script.write_text(textwrap.dedent(program))
    return Engine(name, package, script)


@pytest.mark.parametrize("kind", _BAD)
def test_the_next_engine_draws_what_one_does_not(kind, case, tmp_path, caplog):
    program, said = _BAD[kind]
    engines = [engine(tmp_path, f"one that {kind}", program), engine(tmp_path, "good", _DRAW)]
    caplog.set_level(logging.INFO)

    written = draw_views(case, tmp_path / "out", size=_SIZE, engines=engines)

    assert len(written) == 6
    assert f"one that {kind} {said}" in caplog.text
    assert "5 pictures were drawn by good" in caplog.text
    assert str(tmp_path) not in caplog.text
    assert "/home" not in caplog.text


def test_an_engine_that_hangs_is_ended(case, tmp_path):
    slow = engine(tmp_path, "slow", "import time; time.sleep(999)")

    with pytest.raises(InputError, match="slow did not end within 1 s"):
        draw_views(case, tmp_path / "out", size=_SIZE, timeout_s=1, engines=[slow])

    running = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert [command for command in running if str(slow.script) in command] == []


def test_an_engine_that_is_not_installed_is_not_started(case, tmp_path, caplog):
    touch = f"open({str(tmp_path / 'started')!r}, 'w')"
    absent = engine(tmp_path, "absent", touch, "no_such_package")
    engines = [absent, engine(tmp_path, "good", _DRAW)]

    draw_views(case, tmp_path / "out", size=_SIZE, engines=engines)

    assert "absent is not installed" in caplog.text
    assert not (tmp_path / "started").exists()


def test_without_any_engine_nothing_is_written_and_each_is_named(case, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "front.png").write_text("of yesterday")
    engines = [engine(tmp_path, kind, program) for kind, (program, _) in _BAD.items()]

    with pytest.raises(InputError) as refused:
        draw_views(case, out, size=_SIZE, engines=engines)

    assert [path.name for path in out.iterdir()] == ["front.png"]
    assert (out / "front.png").read_text() == "of yesterday"
    assert all(said in str(refused.value) for _, said in _BAD.values())
    assert "/" not in str(refused.value)  # no path


def test_what_an_engine_drew_before_it_failed_is_not_taken_for_the_nexts(case, tmp_path):
    late = engine(tmp_path, "late", _DRAW + "\n    sys.exit(3)")
    engines = [late, engine(tmp_path, "idle", "pass")]

    with pytest.raises(InputError, match="late ended with exit code 3; idle left a picture out"):
        draw_views(case, tmp_path / "out", size=_SIZE, engines=engines)


def test_an_engine_inherits_no_secret_and_lives_in_a_folder_of_its_own(case, tmp_path, monkeypatch):
    told = tmp_path / "told.json"
    monkeypatch.setenv("IMAGING_FUSION_TOKEN", "planted")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    program = f"""
    import json, os, sys
    first = [name for name in ("ssl", "httpx", "numpy") if name in sys.modules]
    told = [dict(os.environ), sys.path, sys.flags.isolated, first, os.getcwd()]
    json.dump(told, open({str(told)!r}, "w"))
    """
    draw_views(case, tmp_path / "out", size=_SIZE, engines=[engine(tmp_path, "x", program + _DRAW)])

    environment, path, isolated, first, folder = json.loads(told.read_text())
    assert set(environment) <= {
        *("PATH", "LD_LIBRARY_PATH", "LANG", "HOME", "TMPDIR"),
        "LC_CTYPE",  # which Python sets for itself
    }
    assert "planted" not in str(environment)
    assert str(tmp_path) not in path
    assert isolated == 1
    assert first == []
    assert environment["HOME"] == folder
    assert not Path(folder).exists()  # it is gone with what was left in it


def test_each_teeth_of_several_groups_are_drawn_once(tmp_path):
    case = write_case(tmp_path / "case")
    case["teeth"] = write_glb(tmp_path / "teeth.glb", {"11": ball((99, 0, 0))})
    told = tmp_path / "told.json"
    keep = f"\n    import shutil; shutil.copy(sys.argv[1], {str(told)!r})"
    keep += f"\n    shutil.copy(asked['shots'][0]['scene'], {str(tmp_path / 'scene.glb')!r})"

    draw_views(case, tmp_path / "out", size=_SIZE, engines=[engine(tmp_path, "x", _DRAW + keep)])

    scene = trimesh.load_scene(tmp_path / "scene.glb")
    assert len(scene.geometry) == 8
    assert scene.bounds[1][0] == pytest.approx(0.028)
    alphas = [mesh.visual.material.baseColorFactor[3] for mesh in scene.geometry.values()]
    assert sorted(alphas) == [76, 76, 255, 255, 255, 255, 255, 255]
    assert "fusion" not in told.read_text()  # neither names nor groups are told


def test_jaws_alone_are_solid(tmp_path):
    case = {"upper": write_case(tmp_path / "case")["upper"]}
    keep = f"\n    import shutil; shutil.copy(shot['scene'], {str(tmp_path / 'scene.glb')!r})"

    draw_views(case, tmp_path / "out", size=_SIZE, engines=[engine(tmp_path, "x", _DRAW + keep)])

    # The last shot is of the lower arch, of which there is nothing: the upper is drawn after all.
    (mesh,) = trimesh.load_scene(tmp_path / "scene.glb").geometry.values()
    assert mesh.visual.material.baseColorFactor[3] == 255


@pytest.mark.parametrize(
    "content", [b"", b"glTF", b"solid doe", None], ids=["empty", "short", "stl", "cut"]
)
def test_a_damaged_glb_is_refused_without_its_path(content, case, tmp_path):
    whole = case["fusion"].read_bytes()
    case["fusion"].write_bytes(whole[: len(whole) // 2] if content is None else content)

    with pytest.raises(MeshError) as refused:
        draw_views(case, tmp_path / "out", engines=[])

    assert str(tmp_path) not in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_without_any_mesh_there_is_nothing_to_draw(tmp_path):
    with pytest.raises(MeshError, match="nothing to draw"):
        draw_views({}, tmp_path / "out")


def test_the_engines_are_tried_from_the_best_to_the_one_that_always_can():
    assert [engine.name for engine in ENGINES] == [
        "f3d",
        "pyvista on EGL",
        "pyvista on OSMesa",
        "matplotlib",
    ]
    assert all(engine.script.is_file() for engine in ENGINES)


def test_the_overview_stays_small_whatever_is_drawn(case, tmp_path):
    noise = _DRAW.replace('Image.linear_gradient("L")', "Image.effect_noise((400, 300), 99)")
    engines = [engine(tmp_path, "noise", noise)]

    written = draw_views(case, tmp_path / "out", size=(400, 300), engines=engines)

    with Image.open(written[-1]) as overview:
        assert overview.width > 300
    assert written[-1].name == "overview.png"
    assert written[-1].stat().st_size <= 60_000


def test_a_tooth_without_a_number_is_drawn_as_solid_as_the_others(tmp_path):
    teeth = {"11": ball((0, 0, 0)), "mesiodens": ball((20, 0, 0)), "gum": ball((0, 20, 0))}
    pieces = pieces_of({"fusion": write_glb(tmp_path / "fusion.glb", teeth)})
    scene: Any = trimesh.load_scene(write_scene(pieces, tmp_path / "scene.glb"))

    alphas = [int(each.visual.material.baseColorFactor[3]) for each in scene.dump()]
    assert sorted(alphas) == [76, 255, 255]
    assert sorted(piece.is_bone for piece in pieces) == [False, False, True]
