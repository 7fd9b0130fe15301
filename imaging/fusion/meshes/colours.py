"""Colours that belong to a tooth or a bone, whatever the order in which meshes come.

A tooth's hue is that of its position, so first molars look alike in all quadrants; the eight hues
are ordered so that neighbours in an arch differ most (OKLCh, hues of like lightness and chroma).
Quadrants alternate in lightness, so that teeth of one hue differ across the midline and the bite.
Milk teeth have the hues of the teeth that replace them, but duller. All stand out on white.
"""

import colorsys
import re
from hashlib import sha256

from imaging.fusion.meshes.fdi import Tooth, tooth_in

Colour = tuple[int, int, int, int]

_GOLDEN = (5**0.5 - 1) / 2

_DARK = ("cb4644", "009068", "4873de", "bc4891", "068b96", "a86b06", "8b5dce", "718506")
_LIGHT = ("f98f87", "4fcb9c", "8bafff", "eb8ec4", "11c8d8", "e5a14b", "be9df7", "a7bd58")
_MILK_DARK = ("89524d", "347158", "4e628e", "82516d", "206f78")
_MILK_LIGHT = ("c98c87", "70ae93", "889ece", "c18ca9", "62acb5")

_TISSUES = (  # the first that a name, or else its group, has a word of: a mandibular canal is none
    (("nerve", "canal", "ian"), "d9a300"),
    (("sinus", "airway"), "8fb3c4"),
    (("gum", "gums", "gingiva"), "e2a5ab"),
    (("mandible", "mandibular", "lower"), "c9b48a"),
    (("maxilla", "maxillary", "upper"), "dccca6"),
)
_AROUND_TEETH = {"jaw", "bone"}.union(*(known for known, _ in _TISSUES)) - {"upper", "lower"}


def colour_of(name: str, group: str = "") -> Colour:
    """Return the colour of a mesh, in sRGB and opaque, each part from 0 to 255.

    Args:
        name: The vendor's name of it.
        group: The output or the group that it belongs to, which tells the jaws apart.
    """
    tooth = tooth_in(name, group)
    if tooth is not None:
        return _rgba(_of_tooth(tooth))
    tissue = _tissue(name) or _tissue(group)
    return _rgba(tissue) if tissue else _of_unknown(name)


def is_tissue(name: str) -> bool:
    """Tell whether a mesh is called after bone, gum or another tissue around teeth."""
    return bool(_words(name) & _AROUND_TEETH)


def _tissue(text: str) -> str:
    """Return the colour of the tissue that a text has a word of; empty where it has none."""
    words = _words(text)
    return next((colour for known, colour in _TISSUES if words & set(known)), "")


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))


def _of_tooth(tooth: Tooth) -> str:
    shades = (_MILK_LIGHT, _MILK_DARK) if tooth.deciduous else (_LIGHT, _DARK)
    return shades[tooth.quadrant % 2][tooth.position - 1]


def _rgba(digits: str) -> Colour:
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue, 255


def _of_unknown(name: str) -> Colour:
    """Make a muted colour of the name alone: it is the same in every delivery.

    Parts that differ by a number only are as far apart in hue as the golden ratio brings them.
    """
    stem = name.rstrip("0123456789")
    count = name[len(stem) :][-6:]
    hue = int.from_bytes(sha256(stem.encode()).digest()[:4], "big") / 2**32
    hue = (hue + int(count or 0) * _GOLDEN) % 1
    red, green, blue = (round(255 * part) for part in colorsys.hls_to_rgb(hue, 0.55, 0.35))
    return red, green, blue, 255
