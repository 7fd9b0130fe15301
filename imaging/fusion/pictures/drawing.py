"""Draws a case from every view, by the first engine that can."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from imaging.errors import InputError
from imaging.fusion.pictures.engines import ENGINES, Engine, run_engine
from imaging.fusion.pictures.lettering import finish
from imaging.fusion.pictures.scenes import Piece, bounds_of, of_arch, pieces_of, write_scene
from imaging.fusion.views import VIEWS, View, camera_for

log = logging.getLogger(__name__)


def draw_views(
    groups: Mapping[str, Path],
    folder: Path,
    *,
    size: tuple[int, int] = (800, 600),
    timeout_s: float = 120.0,
    engines: Sequence[Engine] = ENGINES,
) -> list[Path]:
    """Draw `front.png`, `right.png`, `left.png`, `upper.png`, `lower.png` and `overview.png`.

    Each picture is lettered: the patient's right is on the viewer's left, as on a dental chart.
    The overview, of all views, is small enough to be shown inline (60 KB).

    Args:
        groups: The GLB of each group; only those are drawn that show no tooth twice.
        folder: Where the pictures are written, each wholly or not at all.
        size: Width and height in pixels.
        timeout_s: Longest that an engine may take; an engine that takes longer is ended.
        engines: Tried in this order.

    Returns:
        The pictures, the overview last.

    Raises:
        MeshError: A GLB is unreadable, or there is nothing to draw.
        InputError: No engine could draw.
        OSError: A file cannot be read or written.
    """
    pieces = pieces_of(groups)
    with TemporaryDirectory(prefix="drawing-") as name:
        scratch = Path(name)
        shots = {view: _shot(view, pieces, scratch, size) for view in VIEWS}
        request = {"size": list(size), "shots": list(shots.values())}
        _draw(request, scratch, timeout_s, engines)
        return finish({view: Path(shot["target"]) for view, shot in shots.items()}, folder)


def _shot(view: View, pieces: list[Piece], scratch: Path, size: tuple[int, int]) -> dict[str, Any]:
    """Describe a picture to an engine, and write its scene."""
    drawn = of_arch(pieces, view.arch)
    scene = scratch / f"{view.arch or 'both'}.glb"
    if not scene.exists():
        write_scene(drawn, scene)
    camera = asdict(camera_for(view, bounds_of(drawn), size[0] / size[1]))
    return {"scene": str(scene), "target": str(scratch / f"{view.name}.png"), **camera}


def _draw(
    request: dict[str, Any], scratch: Path, timeout_s: float, engines: Sequence[Engine]
) -> None:
    failures = []
    for at, engine in enumerate(engines):
        home = scratch / f"engine-{at}"
        home.mkdir()
        wrong = run_engine(engine, request, home, timeout_s)
        if not wrong:
            log.info("%d pictures were drawn by %s", len(request["shots"]), engine.name)
            return
        log.warning("%s %s", engine.name, wrong)
        failures.append(f"{engine.name} {wrong}")
        for shot in request["shots"]:
            Path(shot["target"]).unlink(missing_ok=True)
    msg = f"no picture was drawn: {'; '.join(failures)}"
    raise InputError(msg)
