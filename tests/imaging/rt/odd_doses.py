"""Odd doses: how they are stored and where they lie; see ``odd_cases``."""

from dataclasses import replace

import numpy as np

from imaging.phantoms import ORIENTATIONS, DoseEncoding, DoseGrid, SlopedDose
from tests.imaging.rt.odd_cases import DOSE, Odd, slab, square, stack


def reversed_frames(dataset):
    """Store the frames from the head down."""
    offsets = np.array(dataset.GridFrameOffsetVector, dtype=float)
    x, y, z = (float(value) for value in dataset.ImagePositionPatient)
    dataset.PixelData = dataset.pixel_array[::-1].tobytes()
    dataset.ImagePositionPatient = [x, y, z + offsets[-1]]
    dataset.GridFrameOffsetVector = (-offsets).tolist()


def some_frames(dataset):
    """Leave out frames, so that those left are 2, 4 and 6 mm apart."""
    kept = [index for index in range(31) if index not in (3, 7, 8, 14, 21, 22)]
    dataset.PixelData = dataset.pixel_array[kept].tobytes()
    dataset.NumberOfFrames = len(kept)
    dataset.GridFrameOffsetVector = [2.0 * index for index in kept]


def one_frame(thickness_mm):
    def change(dataset):
        dataset.PixelData = dataset.pixel_array[15].tobytes()
        dataset.NumberOfFrames, dataset.SliceThickness = 1, thickness_mm
        dataset.ImagePositionPatient = [-30, -30, 0]
        del dataset.GridFrameOffsetVector

    return change


def along(columns, rows, dose=DOSE):
    """Sample the dose on planes that lie any way, around the origin."""

    def change(dataset):
        axes = np.array([columns, rows, np.cross(columns, rows)])
        steps = 2.0 * np.arange(31) - 30
        frames, down, across = np.meshgrid(steps, steps, steps, indexing="ij")
        x, y, z = (
            across[..., None] * axes[0] + down[..., None] * axes[1] + frames[..., None] * axes[2]
        ).T
        scaling = float(dataset.DoseGridScaling)
        values = np.rint(np.maximum(dose(x, y, z).T, 0) / scaling).clip(0, 2**32 - 1)
        dataset.PixelData = values.astype("<u4").tobytes()
        dataset.ImageOrientationPatient = [*columns, *rows]
        dataset.ImagePositionPatient = (-30 * axes.sum(axis=0)).round(9).tolist()

    return change


def relative(whole):
    def change(dataset):
        dataset.DoseUnits = "RELATIVE"
        dataset.DoseGridScaling = f"{float(dataset.DoseGridScaling) / 50 * whole:.9e}"

    return change


def zero(dataset):
    dataset.PixelData = bytes(len(dataset.PixelData))


FLAT = SlopedDose((0.0, 0.0, 0.0), 30.0, (0.5, 0.3, 0.0))
THIN = stack(square(8), heights_mm=(-2.0, 0.0, 2.0))
HIGH = stack(square(8), heights_mm=(0.0, 2.0, 4.0))
TILT = (float(np.cos(np.radians(5))), float(np.sin(np.radians(5))))

STORED = (
    *(
        Odd(what=f"orientation {name}", encoding=DoseEncoding(orientation=name))
        for name in ORIENTATIONS
    ),
    Odd(what="16 bits", encoding=DoseEncoding(bits=16), within_gy=1e-3),
    Odd(what="offsets are places (not from 0)", encoding=DoseEncoding(absolute_offsets=True)),
    Odd(
        what="offsets are places, feet first",
        encoding=DoseEncoding(orientation="FFP", absolute_offsets=True),
    ),
    Odd(what="frames from the head down", dose=reversed_frames),
    Odd(what="frames 2, 4 and 6 mm apart", dose=some_frames),
    Odd(
        what="voxels of 1 x 2 x 3 mm",
        grid=DoseGrid((-20.0, -21.0, -22.0), (1.0, 2.0, 3.0), (15, 22, 41)),
    ),
    Odd(
        what="RELATIVE, no plan",
        dose=relative(1),
        refusal="DoseUnits (3004,0002) is RELATIVE, and no prescription is given",
    ),
    Odd(
        what="RELATIVE to the plan's prescription",
        dose=relative(1),
        has_plan=True,
        flags=["RELATIVE_DOSE"],
    ),
    Odd(what="RELATIVE in percent", dose=relative(100), has_plan=True, flags=["RELATIVE_DOSE"]),
    Odd(
        what="a single frame, through its thickness",
        contours=THIN,
        truth=[slab(square(8), -3, 3)],
        dose_field=FLAT,
        dose=one_frame(6),
        flags=["SINGLE_FRAME"],
    ),
    Odd(
        what="a single frame, thinner than the ROI",
        contours=HIGH,
        truth=[slab(square(8), -1, 3)],
        outside_cc=0.256 * 2,
        dose_field=FLAT,
        dose=one_frame(6),
        flags=["SINGLE_FRAME", "OUTSIDE_DOSE_GRID"],
    ),
    Odd(what="5000 Gy", dose_field=replace(DOSE, dose_at_centre_gy=5000.0), within_gy=1e-3),
    Odd(
        what="millionths of a Gy",
        dose_field=SlopedDose((0.0, 0.0, 0.0), 1e-6, (1e-8, 1e-8, 0.0)),
        within_gy=1e-11,
    ),
)

PLACED = (
    Odd(what="sagittal planes", dose=along((0, 1, 0), (0, 0, -1))),
    Odd(what="coronal planes", dose=along((1, 0, 0), (0, 0, -1))),
    Odd(
        what="axial planes, turned in their plane",
        dose=along((TILT[0], TILT[1], 0), (-TILT[1], TILT[0], 0)),
    ),
    Odd(
        what="planes tilted by 5 degrees",
        dose=along((1, 0, 0), (0, *TILT)),
        flags=["RESAMPLED"],
    ),
    Odd(
        what="another frame of reference",
        dose=lambda dataset: setattr(dataset, "FrameOfReferenceUID", "1.2.3"),
        refusal="ROI 1 is drawn in frame of reference",
    ),
    Odd(
        what="no frame of reference stated",
        dose=lambda dataset: delattr(dataset, "FrameOfReferenceUID"),
        flags=["FRAME_UNKNOWN"],
    ),
    Odd(
        what="a grid that no plane of contours lies on",
        grid=DoseGrid((-30.3, -29.1, -30.7), (2.3, 2.1, 2.7), (23, 29, 27)),
    ),
    Odd(
        what="negative and large coordinates",
        grid=DoseGrid((-1030.0, -30.0, -2030.0), (2.0, 2.0, 2.0), (31, 31, 31)),
        dose_field=SlopedDose((-1000.0, 0.0, -2000.0), 30.0, (0.5, 0.3, 0.2)),
        contours=stack(square(8, (-1000, 0)), heights_mm=[z - 2000.0 for z in range(-8, 9, 2)]),
        truth=[slab(square(8, (-1000, 0)), -2009, -1991)],
    ),
)
