"""Making a PNG small enough for the place that shows it.

Fewer bits of each colour come first: a palette of few colours would give rare labels those of
others, and noise is what takes the bytes.
"""

from io import BytesIO

from PIL import Image, ImageOps

from imaging.errors import InputError

_PALETTE = 256
_BITS = (6, 5, 4, 3)  # of 8
_SMALLER = 0.8
_LEAST_PIXELS = 64  # of a side; below, nothing is to be seen


def png_of(picture: Image.Image) -> bytes:
    """Write a picture as PNG: with a palette, which loses nothing, where it has 256 colours."""
    file = BytesIO()
    is_plain = picture.getcolors(_PALETTE) is not None
    shown = picture.quantize(_PALETTE, dither=Image.Dither.NONE) if is_plain else picture
    shown.save(file, format="PNG", optimize=True)
    return file.getvalue()


def shrunk(png: bytes, most_bytes: int) -> bytes:
    """Make a PNG take at most so many bytes: by coarser colours first, then by fewer pixels.

    Returns:
        The PNG itself where it is small enough.

    Raises:
        InputError: Nothing would be left to see.
    """
    if len(png) <= most_bytes:
        return png
    with Image.open(BytesIO(png)) as opened:
        picture = opened.convert("RGB")
    while min(picture.size) >= _LEAST_PIXELS:
        for bits in _BITS:
            small = png_of(ImageOps.posterize(picture, bits))
            if len(small) <= most_bytes:
                return small
        width, height = (round(side * _SMALLER) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.BOX)
    msg = f"No picture fits into {most_bytes} bytes"
    raise InputError(msg)
