"""Odd places of an ROI, and options; see ``odd_cases``."""

from typing import Any

import numpy as np

from imaging.phantoms import DoseGrid, SlopedDose
from tests.imaging.rt.odd_cases import PLAIN, Odd, slab, square, stack

OUT = ["OUTSIDE_DOSE_GRID"]
GONE: dict[str, Any] = {"truth": (), "flags": ["EMPTY", *OUT]}
PLAIN_CC = 16 * 16 * 18 / 1000
COARSE = DoseGrid((-30.0, -30.0, -30.0), (6.0, 6.0, 6.0), (11, 11, 11))
LOW = {"heights_mm": (26.0, 28.0, 30.0)}
FLAT = SlopedDose((0.0, 0.0, 0.0), 30.0, (0.0, 0.3, 0.2))


def turned(*order, degrees=0.0):
    """Draw the cube on planes across another axis, or tilted ones."""
    contours = [points[:, list(order)] for points in PLAIN]
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    tilt = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    return [points @ tilt.T for points in contours] if degrees else contours


def circle(mm, count):
    angle = 2 * np.pi * np.arange(count) / count
    return mm * np.column_stack([np.cos(angle), np.sin(angle)])


LARGE = circle(28, 4000)
SIDE = [slab([[-8, -9], [8, -9], [8, 9], [-8, 9]], -8, 8)]
FRONT = [slab([[-8, -8], [8, -8], [8, 8], [-8, 8]], -9, 9)]

PLACES = (
    Odd(
        what="half outside in x",
        within_gy=0.6,  # the outer half voxel has its centre's dose
        contours=stack(square(8, (31, 0))),
        truth=[slab([[23, -8], [31, -8], [31, 8], [23, 8]])],
        outside_cc=PLAIN_CC / 2,
        flags=OUT,
    ),
    Odd(
        what="half outside in y",
        within_gy=0.6,  # the outer half voxel has its centre's dose
        contours=stack(square(8, (0, -31))),
        truth=[slab([[-8, -31], [8, -31], [8, -23], [-8, -23]])],
        outside_cc=PLAIN_CC / 2,
        flags=OUT,
    ),
    Odd(
        what="outside in a corner",
        within_gy=0.9,  # the outer half voxel has its centre's dose
        contours=stack(square(8, (31, 31))),
        truth=[slab([[23, 23], [31, 23], [31, 31], [23, 31]])],
        outside_cc=PLAIN_CC * 3 / 4,
        flags=OUT,
        dose_field=SlopedDose((0.0, 0.0, 0.0), 40.0, (0.5, 0.3, 0.2)),
    ),
    Odd(
        what="partly outside in z",
        within_gy=0.3,  # the outer half voxel has its centre's dose
        contours=stack(square(8), heights_mm=(28.0, 30.0, 32.0, 34.0)),
        truth=[slab(square(8), 27, 31)],
        outside_cc=0.256 * 4,
        flags=OUT,
    ),
    Odd(
        what="partly below the dose",
        within_gy=0.3,  # the outer half voxel has its centre's dose
        contours=stack(square(8), heights_mm=(-34.0, -32.0, -30.0)),
        truth=[slab(square(8), -31, -29)],
        outside_cc=0.256 * 4,
        flags=OUT,
    ),
    Odd(
        what="wholly outside in x", contours=stack(square(8, (60, 0))), outside_cc=PLAIN_CC, **GONE
    ),
    Odd(
        what="wholly outside in z",
        contours=stack(square(8), heights_mm=(50.0, 52.0)),
        outside_cc=0.256 * 4,
        **GONE,
    ),
    Odd(
        what="up to the dose's last border in z",
        within_gy=0.3,  # the outer half voxel has its centre's dose
        contours=stack(square(8), **LOW),
        truth=[slab(square(8), 25, 31)],
    ),
    Odd(
        what="up to the dose's first border in z",
        within_gy=0.3,  # the outer half voxel has its centre's dose
        contours=stack(square(8), heights_mm=(-30.0, -28.0)),
        truth=[slab(square(8), -31, -27)],
    ),
    Odd(
        what="a bow tie that crosses outside",
        within_gy=0.6,  # the outer half voxel has its centre's dose
        contours=stack([[25, -5], [45, 5], [45, -5], [25, 5]]),
        truth=[slab([[25, -5], [31, -2], [31, 2], [25, 5]])],
        outside_cc=1.8 - 0.756,
        flags=["FEW_VOXELS", "CROSSING_CONTOURS", *OUT],
    ),
    Odd(
        what="smaller than a voxel",
        contours=stack(square(0.5), heights_mm=(0.0, 0.5, 1.0)),
        truth=[slab(square(0.5), -0.25, 1.25)],
        flags=["FEW_VOXELS"],
        grid=COARSE,
    ),
    Odd(
        what="smaller than a voxel, between voxels",
        contours=stack(square(0.5, (3.1, 3.1)), heights_mm=(2.5, 3.0, 3.5)),
        truth=[slab(square(0.5, (3.1, 3.1)), 2.25, 3.75)],
        flags=["FEW_VOXELS"],
        grid=COARSE,
    ),
    Odd(
        what="between two frames",
        contours=stack(square(8), heights_mm=(1.0, 2.0, 3.0)),
        truth=[slab(square(8), 0.5, 3.5)],
        flags=["FEW_VOXELS"],
        grid=COARSE,
    ),
    Odd(
        what="almost the whole dose, 60 000 points",
        contours=stack(LARGE, heights_mm=np.arange(-14.0, 15, 2)),
        truth=[slab(LARGE, -15, 15)],
    ),
    Odd(
        what="contours in sagittal planes",
        contours=turned(2, 0, 1),
        truth=[slab([[-9, -8], [9, -8], [9, 8], [-9, 8]], -8, 8)],
    ),
    Odd(
        what="contours in coronal planes",
        contours=turned(0, 2, 1),
        truth=[slab([[-8, -9], [8, -9], [8, 9], [-8, 9]], -8, 8)],
    ),
    Odd(
        what="contours in planes that are not parallel",
        contours=[*PLAIN, PLAIN[0][:, [2, 0, 1]]],
        truth=(),
        flags=["EMPTY", "NOT_PARALLEL"],
    ),
    Odd(
        what="one contour across planes",
        contours=[*PLAIN[1:], PLAIN[0] + [[0, 0, 0], [0, 0, 0], [0, 0, 2], [0, 0, 2]]],
        truth=(),
        flags=["EMPTY", "NOT_PARALLEL"],
    ),
)


def caps(value, mm, **more):
    return Odd(
        what=f"end caps {value}",
        options={"end_caps": value},
        truth=[slab(square(8), -8 - mm, 8 + mm)],
        **more,
    )


OPTIONS = (
    caps("none", 0),
    caps("rounded", 1 / 3),
    caps(0, 0),
    caps(1.5, 1.5),
    caps(np.float32(1.5), 1.5),
    caps(np.int64(2), 2),
    caps(100, 23, outside_cc=77 * 2 * 0.256, flags=OUT, within_gy=0.3),
    *(
        Odd(
            what=f"end caps {value!r}",
            options={"end_caps": value},
            refusal=f"end_caps is {value!r}",
        )
        for value in (-1.0, float("nan"), float("inf"), None, True, "1.5")
    ),
    *(
        Odd(what=f"{option} {value}", options={option: value}, flags=flags)
        for option, value, flags in (("between", "cubic", ()), ("dose_interpolation", "cubic", ()))
    ),
    Odd(
        what="between cubic, one plane",
        contours=PLAIN[4:5],
        truth=[slab(square(8), -1, 1)],
        options={"between": "cubic"},
        flags=["SINGLE_PLANE"],
    ),
    Odd(
        what="between cubic, two planes",
        contours=PLAIN[4:6],
        truth=[slab(square(8), -1, 3)],
        options={"between": "cubic"},
    ),
    Odd(
        what="between cubic, irregularly apart",
        contours=stack(square(8), heights_mm=(0.0, 2.0, 3.0, 7.0)),
        truth=[slab(square(8), -1, 9)],
        options={"between": "cubic"},
        flags=["UNEVEN_PLANES"],
    ),
    Odd(
        what="dose cubic, half outside",
        within_gy=0.6,  # the outer half voxel has its centre's dose
        contours=stack(square(8, (31, 0))),
        truth=[slab([[23, -8], [31, -8], [31, 8], [23, 8]])],
        outside_cc=PLAIN_CC / 2,
        flags=OUT,
        options={"dose_interpolation": "cubic"},
    ),
    Odd(
        what="an ROI that is not there",
        options={"rois": ["Heart"]},
        refusal="no ROI is named like 'Heart'. There are: A",
    ),
)
