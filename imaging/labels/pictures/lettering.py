"""Text in pictures."""

from functools import cache
from pathlib import Path

from matplotlib import get_data_path
from PIL import ImageFont

BACKGROUND, INK, FAINT = (17, 17, 17), (235, 235, 235), (150, 150, 150)


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """Load a font that has most alphabets."""
    path = Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    return ImageFont.truetype(str(path), size)


def fitting(text: str, size: int, width: float) -> str:
    """Shorten a text to a width in pixels, in the middle: ends tell names apart."""
    kept = text
    while font(size).getlength(kept) > width and len(text) > 2:
        half = (len(text) - 1) // 2
        text = text[:half] + text[-half:]
        kept = f"{text[:half]}…{text[half:]}"
    return kept
