"""Draw with f3d; run by its path, in a process that has imported nothing else.

f3d brings an OpenSSL of its own: it cannot be loaded once Python's ``ssl`` has loaded the system's.
"""

import json
import signal
import sys

import f3d

# Supersampling and shadows in corners cost four times as much without a graphics card.
_OPTIONS = {
    "render.background.color": [1.0, 1.0, 1.0],
    "render.light.intensity": 2.5,
    "render.effect.antialiasing.mode": "fxaa",
    "render.effect.blending.mode": "ddp",
}


def main(request: str) -> None:
    """Draw what a request (a JSON file) asks for."""
    with open(request, encoding="utf-8") as file:  # noqa: PTH123 - pathlib is one more import
        asked = json.load(file)
    signal.alarm(asked["timeout_s"])  # in case that nobody is left to end it
    f3d.Log.set_verbose_level(f3d.Log.QUIET)
    engine = f3d.Engine.create(True)
    engine.options.update(_OPTIONS)
    engine.window.size = tuple(asked["size"])
    for shot in asked["shots"]:
        engine.scene.clear()
        engine.scene.add(shot["scene"])
        camera = engine.window.camera
        camera.position, camera.focal_point = shot["position"], shot["focus"]
        camera.view_up, camera.view_angle = shot["up"], shot["angle_deg"]
        engine.window.render_to_image().save(shot["target"])


if __name__ == "__main__":
    main(sys.argv[1])
