"""Runs an engine in a process that inherits nothing, and judges what it drew."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

_HERE = Path(__file__).parent
_WINDOW = "VTK_DEFAULT_OPENGL_WINDOW"  # VTK guesses wrong, and crashes, where there is no X
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "LANG")  # what programs need; no key, no token


@dataclass(frozen=True, slots=True)
class Engine:
    """A program that draws.

    Attributes:
        name: As it is called in logs.
        package: What must be installed for it.
        script: The program; called with the path of a request.
        environment: What it needs to be told.
    """

    name: str
    package: str
    script: Path
    environment: Mapping[str, str] = field(default_factory=dict)


ENGINES = (
    Engine("f3d", "f3d", _HERE / "by_f3d.py"),
    Engine(
        "pyvista on EGL",
        "pyvista",
        _HERE / "by_pyvista.py",
        {_WINDOW: "vtkEGLRenderWindow"},
    ),
    Engine(
        "pyvista on OSMesa",
        "pyvista",
        _HERE / "by_pyvista.py",
        {_WINDOW: "vtkOSOpenGLRenderWindow"},
    ),
    Engine("matplotlib", "matplotlib", _HERE / "by_matplotlib.py"),
)


def run_engine(engine: Engine, request: dict[str, Any], scratch: Path, timeout_s: float) -> str:
    """Let an engine draw, within a time.

    Args:
        engine: Which one.
        request: `size` in pixels, and `shots`: each a `scene` (GLB), a `target` (PNG) and a camera.
        scratch: An empty folder, its home.
        timeout_s: It is ended when this is over.

    Returns:
        Empty when every picture is there; else what went wrong.
    """
    if find_spec(engine.package) is None:
        return "is not installed"
    asked = scratch / "request.json"
    asked.write_text(json.dumps({**request, "timeout_s": int(timeout_s) + 5}), encoding="utf-8")
    # Isolated (-I): neither variables nor the folder of the program change what is imported.
    command = [sys.executable, "-I", str(engine.script), str(asked)]
    try:
        ended = subprocess.run(  # noqa: S603 - a program of ours, and no words of others
            command,
            env=_environment(engine, scratch),
            cwd=scratch,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"did not end within {timeout_s:g} s"
    if ended.returncode:
        return _ending(ended.returncode)
    return _lacking(request)


def _environment(engine: Engine, home: Path) -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    own = {"HOME": str(home), "TMPDIR": str(home)}
    return {**passed_on, **own, **engine.environment}


def _ending(code: int) -> str:
    if code > 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def _lacking(request: dict[str, Any]) -> str:
    """Say what is wrong with the pictures: an engine may end well, and have drawn nothing."""
    for shot in request["shots"]:
        try:
            with Image.open(shot["target"]) as picture:
                size, extrema = picture.size, picture.convert("L").getextrema()
        except OSError:
            return "left a picture out"
        if size != tuple(request["size"]) or extrema[0] == extrema[1]:
            return "drew an empty picture"
    return ""
