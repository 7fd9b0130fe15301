"""A CBCT, checked by its headers alone."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from imaging.errors import InputError
from imaging.fusion.checking.containers import Container, Member, content_of
from imaging.fusion.checking.contents import Contents, contents_of
from imaging.fusion.checking.nameless import nameless
from imaging.fusion.checking.nrrd import read_nrrd
from imaging.fusion.checking.rules import CbctRules
from imaging.fusion.checking.series import (
    extent_problems,
    problems,
    size_mm,
    stacked,
)
from imaging.fusion.checking.slices import Floats, Slice

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class CbctSource:
    """A volume that is worth submitting, and the files it is in.

    Attributes:
        kind: `DICOM`, or `NRRD`.
        modality: `CT`; empty for NRRD, which does not say.
        slices: How many.
        shape: Slices, rows, columns.
        spacing_mm: Between slices, rows and columns.
        fov_mm: What it spans along the same.
        bytes: Of its files.
        notes: What was left out, in words and counts.
        series_instance_uid: Of a DICOM series, as it came.
        container: Where its files lie.
        members: Its files; those of a DICOM series in the order of its slices.
    """

    kind: Literal["DICOM", "NRRD"]
    modality: str
    slices: int
    shape: tuple[int, int, int]
    spacing_mm: Triple
    fov_mm: Triple
    bytes: int
    notes: tuple[str, ...] = ()
    series_instance_uid: str = field(default="", repr=False)
    container: Container = field(default=Container(Path()), repr=False)
    members: tuple[Member, ...] = field(default=(), repr=False)

    @nameless("the CBCT")
    def digest(self) -> str:
        """Return SHA-256 of its content: of its file, or of its files' sorted SHA-256.

        The same files give the same, in a folder or a zip, by any names.

        Raises:
            InputError: A file is damaged, or not as long as it was.
        """
        digests = []
        with self.container.opened() as opened:
            for member in self.members:
                digest = hashlib.sha256()
                for block in content_of(opened, member):
                    digest.update(block)
                digests.append(digest.hexdigest())
        if self.kind == "NRRD":
            return digests[0]
        return hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()


@nameless("the CBCT")
def check_cbct(
    path: Path, *, series_instance_uid: str = "", rules: CbctRules | None = None
) -> CbctSource:
    """Check a CBCT before anything is paid for, without reading its voxels.

    Args:
        path: A folder of DICOM files (and its subfolders), a zip of them, one multi-frame DICOM
            file, or a volume as NRRD, which may be in a zip, too.
        series_instance_uid: Which of several CT series.
        rules: What a CBCT must be; the defaults where None.

    Raises:
        InputError: It is not worth a paid run. All reasons are told, by counts and slices' numbers;
            no name of a file and no value of a header.
    """
    rules = rules or CbctRules()
    container = Container(Path(path))
    contents = contents_of(container)
    if contents.volumes and not contents.series:
        return _volume(container, contents, rules)
    return _series(container, contents, series_instance_uid, rules)


def _series(container: Container, contents: Contents, uid: str, rules: CbctRules) -> CbctSource:
    """Check the one CT series that is there, or is wanted."""
    slices = _wanted(contents, uid)
    found = [*_mixed(contents), *problems(slices, rules)]
    stack = stacked(slices)
    if found or stack is None:
        raise _refusal(found)
    spacing_mm, fov_mm = size_mm(slices, stack)
    ordered = [slices[index].member for index in stack.order]
    members = tuple(dict.fromkeys(ordered))  # a multi-frame file is the file of many slices
    others = len(contents.series) - 1
    notes = (*contents.notes, *([f"other CT series, left out: {others}"] if others else []))
    return CbctSource(
        kind="DICOM",
        modality="CT",
        slices=len(slices),
        shape=(len(slices), *slices[0].shape),
        spacing_mm=_triple(spacing_mm),
        fov_mm=_triple(fov_mm),
        bytes=sum(member.size for member in members),
        notes=notes,
        series_instance_uid=slices[0].series_instance_uid,
        container=container,
        members=members,
    )


def _wanted(contents: Contents, uid: str) -> list[Slice]:
    """Return the slices of the only series, or of the one that is named."""
    if uid:
        if uid not in contents.series:
            raise _refusal(
                [f"none of its {len(contents.series)} CT series is the one that is named"]
            )
        return contents.series[uid]
    if len(contents.series) == 1:
        return next(iter(contents.series.values()))
    if not contents.series:
        raise _refusal(["it holds no CT image", *_mixed(contents), *contents.notes])
    sizes = ", ".join(str(len(slices)) for slices in contents.series.values())
    msg = f"{len(contents.series)} CT series (of {sizes} slices): name one by its SeriesInstanceUID"
    raise _refusal([msg])


def _mixed(contents: Contents) -> list[str]:
    """Name what must not be beside a volume: perhaps it belongs to it, or is another."""
    found = {
        **contents.unread,
        "archives (zip, rar, tar, ...)": contents.archives,
        "NRRD volumes": len(contents.volumes),
    }
    return [f"{what}: {count}" for what, count in found.items() if count]


def _volume(container: Container, contents: Contents, rules: CbctRules) -> CbctSource:
    """Check the one NRRD volume that is there."""
    found = _mixed(contents)
    if len(found) > 1 or len(contents.volumes) > 1:
        raise _refusal([*found, "where there should be one volume"])
    (member,) = contents.volumes
    with container.opened() as opened, opened(member) as file:
        nrrd = read_nrrd(file)
    spacing_mm, shape = nrrd.spacing_mm[::-1], nrrd.sizes[::-1]
    fov_mm = spacing_mm * shape
    found = list(extent_problems(spacing_mm, fov_mm, rules))
    if shape[0] < rules.least_slices:
        found.append(f"{shape[0]} slices, where at least {rules.least_slices} are needed")
    if not nrrd.is_upright:
        found.append("axes that are not at right angles")
    if not nrrd.is_gzip and member.size != nrrd.start + nrrd.voxel_bytes:
        found.append("more or fewer bytes of voxels than it states")
    if found:
        raise _refusal(found)
    return CbctSource(
        kind="NRRD",
        modality="",
        slices=shape[0],
        shape=(shape[0], shape[1], shape[2]),
        spacing_mm=_triple(spacing_mm),
        fov_mm=_triple(fov_mm),
        bytes=member.size,
        notes=contents.notes,
        container=container,
        members=(member,),
    )


def _triple(vector: Floats) -> Triple:
    first, second, third = (round(float(number), 6) for number in vector)
    return first, second, third


def _refusal(found: list[str]) -> InputError:
    return InputError(f"the CBCT cannot be submitted: {'; '.join(found)}")
