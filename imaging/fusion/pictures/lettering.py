"""Finishes pictures: letters that say which side is which, and a sheet of all of them."""

import io
from collections.abc import Mapping
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from imaging.files import write_whole
from imaging.fusion.views import View

OVERVIEW = "overview.png"
MOST_BYTES = 60_000  # an artifact holds it inline, a third larger as base64
_SHEET = ("right", "front", "left", "upper", "lower")
_COLUMNS, _TILE, _GAP = 3, (400, 300), 8
_INK, _SOFT = (20, 30, 40), (90, 100, 110)
_SAID = "R and L are the patient's right and left.", "Not a medical device."


def finish(pictures: Mapping[View, Path], folder: Path) -> list[Path]:
    """Write each picture lettered, and the overview.

    Args:
        pictures: As an engine drew them.
        folder: Where they go, by the names of their views.

    Returns:
        The written files, the overview last.
    """
    drawn = {view: _opened(path) for view, path in pictures.items()}
    written = []
    for view, picture in drawn.items():
        lettered = _lettered(picture, view)
        written.append(write_whole(folder / f"{view.name}.png", _png(lettered, 256)))
    return [*written, write_whole(folder / OVERVIEW, _small(_sheet(drawn)))]


def _opened(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        flat = Image.new("RGB", picture.size, "white")
        rgba = picture.convert("RGBA")
        flat.paste(rgba, mask=rgba.getchannel("A"))
        return flat


def _lettered(picture: Image.Image, view: View) -> Image.Image:
    """Write the view's title at the top, and what lies at either side."""
    lettered = picture.copy()
    draw = ImageDraw.Draw(lettered)
    width, height = lettered.size
    font = ImageFont.load_default(max(12, height // 22))
    left, right = view.sides
    edge = height // 40
    draw.text((width / 2, edge), view.title, _INK, font, anchor="ma")
    draw.text((edge, height / 2), left, _SOFT, font, anchor="lm")
    draw.text((width - edge, height / 2), right, _SOFT, font, anchor="rm")
    return lettered


def _sheet(drawn: Mapping[View, Image.Image]) -> Image.Image:
    """Put the views beside each other as dental photographs are: sides around the front."""
    wide, high = _TILE
    rows = -(-(len(_SHEET) + 1) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * (wide + _GAP) - _GAP, rows * (high + _GAP) - _GAP))
    sheet.paste("white", (0, 0, *sheet.size))
    places = {name: _place(at) for at, name in enumerate(_SHEET)}
    for view, picture in drawn.items():
        small = picture.copy()
        small.thumbnail(_TILE, Image.Resampling.LANCZOS)
        tile = Image.new("RGB", _TILE, "white")
        tile.paste(small, ((wide - small.width) // 2, (high - small.height) // 2))
        sheet.paste(_lettered(tile, view), places[view.name])
    x, y = _place(len(_SHEET))
    said = ImageDraw.Draw(sheet)
    said.text((x + 20, y + high / 2), "\n".join(_SAID), _SOFT, ImageFont.load_default(15), "lm")
    return sheet


def _place(at: int) -> tuple[int, int]:
    row, column = divmod(at, _COLUMNS)
    return column * (_TILE[0] + _GAP), row * (_TILE[1] + _GAP)


def _small(sheet: Image.Image) -> bytes:
    """Write it with fewer colours, then smaller, until it is short enough."""
    content = b""
    for scale in (1.0, 0.75, 0.5, 0.35):
        size = round(sheet.width * scale), round(sheet.height * scale)
        scaled = sheet.resize(size, Image.Resampling.LANCZOS)
        for colors in (128, 64):
            content = _png(scaled, colors)
            if len(content) <= MOST_BYTES:
                return content
    return content


def _png(picture: Image.Image, colors: int) -> bytes:
    whole = io.BytesIO()
    # Dithering's noise would make the file three times as long. With few colours, those of small
    # teeth are only found by means, which take their time.
    means = int(colors < 256)
    reduced = picture.quantize(colors, kmeans=means, dither=Image.Dither.NONE)
    reduced.save(whole, "PNG", optimize=True)
    return whole.getvalue()
