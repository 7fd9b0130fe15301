"""The masks of a structure set: one ROI after the other, so that only one is in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from imaging.dicom import name_matches
from imaging.files import write_json, write_whole
from imaging.rt.files.rois import Roi
from imaging.volumes.filling import Mask, filled
from imaging.volumes.findings import Evidence, Finding, FindingKind
from imaging.volumes.geometry import Floats, Geometry
from imaging.volumes.label_map import Label, LabelMap, as_tsv
from imaging.volumes.names import file_names
from imaging.volumes.nifti import write_nifti
from imaging.volumes.outlines import NoOutlines, Outlines, outlines_of
from imaging.volumes.request import Wanted

MASKS, LABELS, DICTIONARY, ROIS = "masks", "labels.nii.gz", "labels.tsv", "masks/rois.json"

_TOO_SMALL = "no centre of a voxel is inside"
_BEYOND = "BEYOND_IMAGE"
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#f0e442")


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """What a picture of an ROI needs.

    Attributes:
        name: ROI Name.
        colour: ``#rrggbb``.
        slice_index: The slice that has half of the ROI on either side.
        rings: Its polygons there, shape (n, 2): column and row.
    """

    name: str
    colour: str
    slice_index: int
    rings: list[Floats]


@dataclass(frozen=True, slots=True)
class MaskRow:
    """An ROI that has a mask, as ``rois.json`` lists it.

    Attributes:
        flags: What is odd about its contours, by ``imaging.rt.flags``, and BEYOND_IMAGE.
    """

    roi_number: int
    roi_name: str
    interpreted_type: str
    color: str
    voxels: int
    volume_cc: float
    flags: list[str]


@dataclass(frozen=True, slots=True)
class MissingRow:
    """An ROI that has no mask, and why."""

    roi_number: int
    roi_name: str
    reason: str
    kind: str


@dataclass(slots=True)
class MaskSet:
    """What has been made of a structure set so far.

    Attributes:
        rows: ROIs with a mask, by the name of its file.
        missing: ROIs without.
        corners_mm: Of the block of voxels around each mask, by the name of its file, shape (8, 3).
        labels: Rows of the dictionary of the label map, whose overlaps are counted at the end.
        sketches: For the contact sheet.
    """

    rows: dict[str, MaskRow] = field(default_factory=dict)
    missing: list[MissingRow] = field(default_factory=list)
    corners_mm: dict[str, Floats] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    sketches: list[Sketch] = field(default_factory=list)


class MaskMaker:
    """Makes what is wanted of masks on one image.

    Args:
        geometry: The image.
        frame_of_reference_uid: Of the image.
        folder: Where ``masks`` and the label map go.
        wanted: Which of them.
    """

    def __init__(
        self, geometry: Geometry, frame_of_reference_uid: str, folder: Path, wanted: Wanted
    ) -> None:
        self._geometry, self._frame = geometry, frame_of_reference_uid
        self._folder, self._wanted = folder, wanted

    def make(self, rois: Sequence[Roi], rtstruct_uid: str) -> MaskSet:
        """Make the masks of all ROIs; raises OSError when they cannot be written."""
        made = MaskSet()
        label_map = LabelMap(self._geometry.shape, len(rois)) if self._wanted.label_map else None
        names = file_names({roi.number: roi.name for roi in rois})
        for index, roi in enumerate(rois):
            colour = roi.colour or _COLOURS[index % len(_COLOURS)]
            self._make_one(roi, f"{names[roi.number]}.nii.gz", colour, made, label_map)
        if self._wanted.masks:
            self._write_rois(made, rtstruct_uid)
        if label_map is not None and made.rows:
            self._write_labels(made, label_map)
        return made

    def _make_one(
        self, roi: Roi, file: str, colour: str, made: MaskSet, label_map: LabelMap | None
    ) -> None:
        """Fill one ROI, write its mask, and paint its label."""
        outlines = outlines_of(roi, self._geometry, self._frame)
        if isinstance(outlines, NoOutlines):
            row = MissingRow(roi.number, roi.name, outlines.reason, outlines.kind)
            made.missing.append(row)
            return
        mask = filled(outlines, self._geometry.shape)
        voxels = mask.voxels
        flags = [*map(str, outlines.flags), *([_BEYOND] if outlines.is_beyond else [])]
        if voxels == 0:
            kind = FindingKind.ROI_BEYOND_IMAGE if outlines.is_beyond else FindingKind.MASKS_WRITTEN
            made.missing.append(MissingRow(roi.number, roi.name, _TOO_SMALL, kind))
            return
        volume_cc = round(voxels * self._geometry.voxel_cc, 6)
        made.rows[file] = MaskRow(
            roi.number, roi.name, roi.interpreted_type, colour, voxels, volume_cc, flags
        )
        made.corners_mm[file] = self._geometry.corners_mm(mask.ends)
        if self._wanted.masks:
            write_nifti(self._folder / MASKS / file, self._geometry, np.uint8, mask.planes())
        if label_map is not None:
            made.labels[file] = label_map.paint(mask, voxels)
        if self._wanted.pictures:
            made.sketches.append(_sketch(roi.name, colour, outlines, mask))

    def _write_rois(self, made: MaskSet, rtstruct_uid: str) -> None:
        """Write which mask is which ROI, and why others have none."""
        table = {
            "rtstruct_uid": rtstruct_uid,
            "masks": {file: _as_json(row) for file, row in made.rows.items()},
            "without_mask": [_as_json(row) for row in made.missing],
        }
        write_json(self._folder / ROIS, table)

    def _write_labels(self, made: MaskSet, label_map: LabelMap) -> None:
        """Write the label map and its dictionary."""
        rows = [
            Label(
                index=label,
                name=made.rows[file].roi_name,
                color=made.rows[file].color.upper(),
                roi_number=made.rows[file].roi_number,
                file=f"{MASKS}/{file}" if self._wanted.masks else "",
                voxels=made.rows[file].voxels,
                volume_cc=made.rows[file].volume_cc,
                overlapped_voxels=label_map.overlapped(label),
            )
            for file, label in made.labels.items()
        ]
        write_whole(self._folder / DICTIONARY, as_tsv(rows))
        planes = iter(label_map.labels)
        write_nifti(self._folder / LABELS, self._geometry, label_map.dtype, planes)


def findings_of(
    made: MaskSet, rois: Sequence[Roi], rtstruct_uid: str, wanted_rois: Sequence[str]
) -> list[Finding]:
    """Say what came of the masks, once for each kind.

    Args:
        made: The masks.
        rois: All ROIs of the structure set.
        rtstruct_uid: Its SOP Instance UID.
        wanted_rois: Names or patterns of ROIs that somebody waits for.
    """
    by_kind: dict[FindingKind, list[str]] = {}
    for row in made.missing:
        text = f"{row.roi_number} {row.roi_name}: {row.reason}"
        by_kind.setdefault(FindingKind(row.kind), []).append(text)
    for mask in made.rows.values():
        if _BEYOND in mask.flags:
            text = f"{mask.roi_number} {mask.roi_name}"
            by_kind.setdefault(FindingKind.ROI_BEYOND_IMAGE, []).append(text)
    lacking = _lacking(made, rois, wanted_rois)
    if lacking:
        by_kind[FindingKind.WANTED_ROI_WITHOUT_MASK] = lacking
    too_small = by_kind.pop(FindingKind.MASKS_WRITTEN, [])
    evidence: dict[str, str | int | float | list[str]] = {"rois": len(rois)}
    evidence |= {"masks": len(made.rows), **({"too_small": too_small} if too_small else {})}
    kind = FindingKind.MASKS_WRITTEN if made.rows else FindingKind.NO_MASKS
    found: list[tuple[FindingKind, Evidence]] = [(kind, evidence)]
    found += [(kind, {"rois": texts}) for kind, texts in by_kind.items()]
    return [Finding(kind, rtstruct_uid, each) for kind, each in found]


def _lacking(made: MaskSet, rois: Sequence[Roi], wanted_rois: Sequence[str]) -> list[str]:
    """List wanted ROIs that have no mask, or what was asked for when no ROI is that."""
    wanted = [
        roi for roi in rois if any(name_matches(roi.name, pattern) for pattern in wanted_rois)
    ]
    if not wanted:
        return [f"no ROI: {pattern}" for pattern in wanted_rois]
    there = {row.roi_number for row in made.rows.values()}
    return [f"{roi.number} {roi.name}" for roi in wanted if roi.number not in there]


def _sketch(name: str, colour: str, outlines: Outlines, mask: Mask) -> Sketch:
    """Choose the slice in the middle of an ROI's volume, and take its outlines."""
    each = np.cumsum(mask.voxels_of_slices)
    middle = int(np.searchsorted(each, each[-1] / 2))
    # Copied, as a view would keep every contour of the ROI in memory.
    rings = [ring.copy() for ring in outlines.rings[outlines.plane_of[middle]]]
    return Sketch(name, colour, middle, rings)


def _as_json(row: MaskRow | MissingRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__slots__ if name != "kind"}
