"""Figures as files and text, by matplotlib without its global state: thread-safe, same bytes."""

import base64
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from PIL import Image

from imaging.errors import InputError
from imaging.files import write_whole

_DPIS = (130, 110, 96, 84, 72, 60, 50)

_rendering = threading.Lock()  # matplotlib's settings and font cache are shared by all threads


def write_png(figure: Figure, target: Path) -> Path:
    """Write a figure as PNG; the same figure gives the same bytes."""
    return write_whole(target, _png(figure, _DPIS[0]))


def png_data_uri(figure: Figure, max_bytes: int = 70_000) -> str:
    """Make a PNG data URI of at most ``max_bytes`` characters, as sharp as fits.

    Raises:
        InputError: Even the coarsest picture is larger.
    """
    uri, expected = "", 0.0
    for dpi in _DPIS:
        if expected * dpi > max_bytes:  # drawing takes longer than guessing: size grows with dpi
            continue
        uri = "data:image/png;base64," + base64.b64encode(_few_colours(_png(figure, dpi))).decode()
        if len(uri) <= max_bytes:
            return uri
        expected = len(uri) / dpi if dpi != _DPIS[-2] else 0.0
    msg = f"the picture has {len(uri)} characters at {_DPIS[-1]} dpi, more than {max_bytes}"
    raise InputError(msg)


def svg_text(figure: Figure) -> str:
    """Render a figure as an SVG element, for a page; text stays text."""
    buffer = BytesIO()
    with quietly():
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue().decode()
    return svg[svg.index("<svg") :]  # a page has no place for the XML declaration


@contextmanager
def quietly() -> Iterator[None]:
    """Hold matplotlib's shared settings: fixed ids in SVG, and no formulas in names of ROIs."""
    with (
        _rendering,
        warnings.catch_warnings(),
        mpl.rc_context(
            {
                "svg.hashsalt": "dvh",
                "svg.fonttype": "none",
                "font.size": 9,
                "text.parse_math": False,
            }
        ),
    ):
        # A sign that the font lacks is drawn as a box; a warning would tell the log of the name.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield


def _png(figure: Figure, dpi: int) -> bytes:
    """Render a figure as PNG without the program's name and version."""
    buffer = BytesIO()
    with quietly():
        figure.savefig(
            buffer,
            format="png",
            dpi=dpi,
            metadata={"Software": None},
        )
    return buffer.getvalue()


def _few_colours(png: bytes) -> bytes:
    """Keep 128 colours of a picture, which for lines and text is all, at a third of the size."""
    buffer = BytesIO()
    with Image.open(BytesIO(png)) as image:
        image.convert("RGB").quantize(128).save(buffer, format="png", optimize=True)
    return buffer.getvalue()
