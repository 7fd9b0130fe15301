"""What a picture of the viewer holds."""

import os
from pathlib import Path

import nibabel as nib
import numpy as np

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def tinted(picture, color):
    """Which pixels a colour tints: its channels are well above the others."""
    strong = np.array(color) > 0
    pixels = picture.astype(int)
    return pixels[..., strong].min(-1) > pixels[..., ~strong].max(-1) + 40


def colored(picture, color):
    return int(tinted(picture, color).sum())


def voxels_in(path):
    return np.asarray(nib.Nifti1Image.from_filename(path).dataobj)


def look(browser, tmp_path, name):
    """Take a picture; also where somebody who wants to look at it says."""
    folder = Path(os.environ.get("VIEWER_PICTURES", tmp_path))
    return browser.picture(folder / f"viewer-{name}.png")
