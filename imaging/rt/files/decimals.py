"""Decimal strings of DICOM (VR DS) read by the million."""

import numpy as np
from numpy.typing import NDArray

from imaging.rt.jit import compiled

_EXACT_DIGITS = 15  # so many digits, and so many powers of ten, are exact as doubles
_POWERS = np.array([float(f"1e{power}") for power in range(23)])
_BACKSLASH, _BLANK, _NUL, _PLUS, _MINUS, _POINT, _ZERO, _NINE = b"\\ \0+-.09"


def decimals_of(text: bytes) -> NDArray[np.float64]:
    """Read numbers separated by backslashes (DICOM PS3.5, 6.2), each to the nearest double.

    Args:
        text: The value of an element as it is stored; blanks around a number do not matter, nor
            does a separator after the last.

    Raises:
        ValueError: A value is no number, or there is none between two separators.
    """
    text = text.rstrip(b" \0\\")
    if not text:
        return np.zeros(0)
    found = np.empty(text.count(b"\\") + 1)
    if _read(np.frombuffer(text, dtype=np.uint8), found, _POWERS):
        return found
    # Exponents and long fractions are rare; the library's reading is right for them, too.
    return np.array(text.split(b"\\"), dtype=np.float64)


@compiled
def _read(text: NDArray[np.uint8], found: NDArray[np.float64], powers: NDArray[np.float64]) -> bool:
    """Read plain numbers, and say whether all of them were.

    Up to 15 digits make an integer that a double holds exactly, and so is a power of ten up to
    22: their quotient is rounded once, so it is the double nearest to the decimal.
    """
    position, size = 0, text.size
    for index in range(found.size):
        position = _after_blanks(text, position)
        sign = 1.0
        if position < size and (text[position] == _MINUS or text[position] == _PLUS):
            sign = -1.0 if text[position] == _MINUS else 1.0
            position += 1
        whole, digits, fraction, has_point = 0, 0, 0, False
        while position < size:
            letter = text[position]
            if _ZERO <= letter <= _NINE:
                whole = whole * 10 + (int(letter) - _ZERO)
                digits += 1
                fraction += has_point
            elif letter == _POINT and not has_point:
                has_point = True
            else:
                break
            position += 1
        position = _after_blanks(text, position)
        is_end = position == size or text[position] == _BACKSLASH
        if digits == 0 or digits > _EXACT_DIGITS or not is_end:
            return False
        found[index] = sign * (whole / powers[fraction])
        position += 1
    return position == size + 1


@compiled
def _after_blanks(text: NDArray[np.uint8], position: int) -> int:
    """Skip what pads a value."""
    while position < text.size and (text[position] == _BLANK or text[position] == _NUL):
        position += 1
    return position
