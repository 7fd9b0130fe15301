"""Odd contours and odd planes; see ``odd_cases``."""

import numpy as np

from imaging.phantoms import Outline
from tests.imaging.rt.odd_cases import CUBE, HEIGHTS_MM, PLAIN, Odd, slab, square, stack

CROSSING = ["CROSSING_CONTOURS"]


def closed(ring):
    return np.vstack([ring, ring[:1]])


def finer(ring):
    """Put a point in the middle of every edge."""
    return np.stack([ring, (ring + np.roll(ring, -1, axis=0)) / 2], axis=1).reshape(-1, 2)


def keyhole(outer, inner):
    return np.vstack([closed(outer), closed(inner)[::-1]])


def jittered(mm):
    heights = [z + mm * (-1) ** index for index, z in enumerate(HEIGHTS_MM)]
    return stack(square(8), heights_mm=heights)


def planes(*heights_mm):
    return stack(square(8), heights_mm=heights_mm)


def slabs(ring, *ends_mm):
    return [slab(ring, low, high) for low, high in ends_mm]


def uneven_points():
    """A contour whose z differs by hundredths of a mm from point to point."""
    contours = [points.copy() for points in PLAIN]
    for points in contours:
        points[:, 2] += [0.01, -0.01, 0.01, -0.01]
    return contours


HOLE = [slab(square(12)), slab(square(8), is_hole=True)]
ISLANDS = [*HOLE, slab(square(6)), slab(square(3), is_hole=True)]
BOW = np.array([[-8.0, -8.0], [8.0, 8.0], [8.0, -8.0], [-8.0, 8.0]])
BOWS = [slab([[-8, -8], [0, 0], [-8, 8]]), slab([[8, -8], [0, 0], [8, 8]])]
LINE = np.array([[-8.0, 1.0], [0.0, 1.0], [8.0, 1.0]])
OVERLAP = [
    slab([[-8, -8], [0, -8], [0, 8], [-8, 8]]),
    slab([[8, -8], [16, -8], [16, 8], [8, 8]]),
]
TOUCHING = [slab(square(4, (-4, 0))), slab(square(4, (4, 0)))]
SPIKE = np.vstack([square(8), [[-8.0, 0.0], [-14.0, 0.0], [-8.0, 0.0]]])
COMB = [square(0.4, (x, y)) for x in range(-20, 21) for y in range(-20, 21)]

CONTOURS = (
    Odd(what="a hole", contours=stack(square(12), square(8)), truth=HOLE),
    Odd(what="a hole, before what it is in", contours=stack(square(8), square(12)), truth=HOLE),
    Odd(
        what="a hole in an island in a hole",
        contours=stack(square(3), square(12), square(6), square(8)),
        truth=ISLANDS,
    ),
    Odd(what="a hole by a keyhole", contours=stack(keyhole(square(12), square(8))), truth=HOLE),
    Odd(
        what="contours that cross",
        contours=stack(square(8), square(8, (8, 0))),
        truth=OVERLAP,
        flags=CROSSING,
    ),
    Odd(
        what="contours that share an edge",
        contours=stack(square(4, (-4, 0)), square(4, (4, 0))),
        truth=TOUCHING,
        flags=CROSSING,
    ),
    Odd(
        what="contours that touch in a corner",
        contours=stack(square(4, (-4, -4)), square(4, (4, 4))),
        truth=[slab(square(4, (-4, -4))), slab(square(4, (4, 4)))],
        flags=CROSSING,
    ),
    Odd(
        what="a contour that crosses itself (bow tie)",
        contours=stack(BOW),
        truth=BOWS,
        flags=["FEW_VOXELS", *CROSSING],
    ),
    Odd(what="a contour twice", contours=[*PLAIN, PLAIN[3]], flags=["REPEATED_CONTOURS"]),
    Odd(
        what="a contour twice, from another point",
        contours=[*PLAIN, np.roll(PLAIN[3], 1, axis=0)],
        flags=["REPEATED_CONTOURS"],
    ),
    Odd(
        what="a contour twice, the other way round",
        contours=[*PLAIN, PLAIN[3][::-1]],
        flags=["REPEATED_CONTOURS"],
    ),
    Odd(
        what="a contour twice, with other decimals",
        contours=[*PLAIN, PLAIN[3] + [0.004, -0.003, 0]],
        flags=["REPEATED_CONTOURS"],
    ),
    Odd(
        what="a contour twice, with more points",
        contours=[*PLAIN, *stack(finer(square(8)), heights_mm=[2.0])],
        flags=["REPEATED_CONTOURS"],
    ),
    Odd(what="clockwise", contours=stack(square(8)[::-1])),
    Odd(what="the first point repeated at the end", contours=stack(closed(square(8)))),
    Odd(what="every point twice", contours=stack(np.repeat(square(8), 2, axis=0))),
    Odd(what="a spike without area", contours=stack(SPIKE), within_gy=4.0),
    Odd(
        what="contours without area", contours=stack(LINE), truth=(), flags=["EMPTY", "FEW_VOXELS"]
    ),
    Odd(
        what="one contour of two points beside the others",
        contours=[*PLAIN, *stack(LINE[:2], heights_mm=[2.0])],
        flags=["NOT_CLOSED"],
    ),
    Odd(
        what="a POINT beside the others",
        contours=[*PLAIN, Outline(PLAIN[0][:1] * [1, 1, -4], "POINT")],
        flags=["NOT_CLOSED"],
    ),
    Odd(
        what="an OPEN_PLANAR contour beside the others",
        contours=[*PLAIN, Outline(PLAIN[0] * [2, 2, 1], "OPEN_PLANAR")],
        flags=["NOT_CLOSED"],
    ),
    Odd(
        what="POINT only",
        contours=[Outline(PLAIN[0][:1], "POINT")],
        truth=(),
        flags=["EMPTY", "NOT_CLOSED"],
    ),
    Odd(
        what="CLOSEDPLANAR_XOR",
        contours=[Outline(points, "CLOSEDPLANAR_XOR") for points in stack(square(12), square(8))],
        truth=HOLE,
    ),
    Odd(what="no contour", contours=[], truth=(), flags=["EMPTY", "NO_CONTOURS"]),
    Odd(
        what="1681 contours a plane",
        contours=stack(*COMB, heights_mm=[0.0, 2.0]),
        truth=[slab(ring, -1, 3) for ring in COMB],
    ),
)

PLANES = (
    Odd(what="from the head down", contours=PLAIN[::-1]),
    Odd(what="in no order", contours=[PLAIN[index] for index in (4, 0, 8, 2, 6, 1, 7, 5, 3)]),
    Odd(
        what="planes off by 0.01 mm",
        contours=jittered(0.01),
        truth=[slab(square(8), -8.99, 9.01)],
        within_gy=0.01,
        flags=[],
    ),
    Odd(
        what="islands of a slice 0.2 mm apart in height",
        contours=[
            *stack(square(4, (-6, 0))),
            *stack(square(4, (6, 0)), heights_mm=[z + 0.2 for z in HEIGHTS_MM]),
        ],
        truth=[slab(square(4, (x, 0)), -8.9, 9.1) for x in (-6, 6)],
        flags=["MERGED_PLANES"],
    ),
    Odd(what="points off their plane by 0.01 mm", contours=uneven_points()),
    Odd(what="one plane missing", contours=[*PLAIN[:4], *PLAIN[5:]], flags=["UNEVEN_PLANES"]),
    Odd(what="two planes missing", contours=[*PLAIN[:3], *PLAIN[5:]], flags=["UNEVEN_PLANES"]),
    Odd(
        what="two parts, far apart",
        contours=planes(-12, -10, -8, 8, 10, 12),
        truth=slabs(square(8), (-13, -7), (7, 13)),
        flags=["SEPARATE_PARTS"],
    ),
    Odd(
        what="2 mm apart, then 4",
        contours=planes(-8, -6, -4, -2, 0, 4, 8, 12),
        truth=[slab(square(8), -9, 14)],
    ),
    Odd(
        what="1.237 mm apart",
        contours=planes(*(1.237 * index for index in range(9))),
        truth=[slab(square(8), -0.6185, 1.237 * 8.5)],
    ),
    Odd(
        what="irregularly apart",
        contours=planes(0, 2, 3, 7),
        truth=[slab(square(8), -1, 9)],
        flags=["UNEVEN_PLANES"],
    ),
    Odd(
        what="a single plane: as thick as the dose's frames are apart",
        contours=planes(1),
        truth=[slab(square(8), 0, 2)],
        flags=["SINGLE_PLANE"],
    ),
    Odd(what="two planes", contours=planes(0, 3), truth=[slab(square(8), -1.5, 4.5)]),
    Odd(
        what="a hole in one plane only",
        contours=[*PLAIN, *stack(square(3), heights_mm=[0.0])],
        truth=[*CUBE, slab(square(3), -1, 1, is_hole=True)],
    ),
)
