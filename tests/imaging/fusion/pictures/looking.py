"""What a picture shows: where each of the case's colours lies."""

import numpy as np
from PIL import Image

from tests.imaging.fusion.glbs import HUES


def places_of(path):
    """The middle (x, y, in pixels) and the count of the pixels of each tooth that is seen."""
    with Image.open(path) as picture:
        hue, saturation, value = np.asarray(picture.convert("HSV")).astype(int).transpose(2, 0, 1)
    found = {}
    for name, degrees in HUES.items():
        apart = abs((hue * 360 / 255 - degrees + 180) % 360 - 180)
        mask = (apart < 20) & (saturation > 150) & (value > 80)
        rows, columns = np.nonzero(mask)
        if len(rows) > 200:
            found[name] = (columns.mean(), rows.mean(), len(rows))
    return found
