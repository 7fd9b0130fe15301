"""A conversion as it is asked for: from whatever segmentation there is to whatever is wanted."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from pydicom.uid import RTStructureSetStorage

from imaging.conversions.meshes import meshes_of_labels
from imaging.conversions.reports import Conversion
from imaging.conversions.seg_reading import labels_of_seg
from imaging.conversions.seg_writing import SegKind, SegOptions, seg_of_labels
from imaging.conversions.structures_reading import labels_of_structures
from imaging.conversions.structures_writing import structures_of_labels
from imaging.dicom.whole import read_meta
from imaging.errors import InputError

Target = Literal["nifti", "dicom-seg", "rtstruct", "glb", "stl", "ply"]
Kind = Literal["nifti", "dicom-seg", "rtstruct"]

FOLDER = "conversions"
_NAMES: dict[Target, str] = {
    "nifti": "labels.nii.gz",
    "dicom-seg": "segmentation.dcm",
    "rtstruct": "structures.dcm",
    "glb": "surfaces.glb",
    "stl": "surfaces.stl",
    "ply": "surfaces.ply",
}
_SEGS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")  # the latter: label maps
_IMAGES = tuple(kind + gz for kind in (".nii", ".hdr", ".img") for gz in ("", ".gz"))
_HEAD = 2048  # bytes


@dataclass(frozen=True, slots=True)
class ConversionRequest:
    """What is to be converted, and how.

    Attributes:
        source: A label map, a DICOM SEG or an RTSTRUCT.
        to: What to make of it.
        images: Folder of the DICOM image series; None where there is none.
        labels: Ids, names, patterns or groups; none for all.
        dictionary: Names of a label map's ids: a model's name or a table's path; or empty.
        output: The file to write; empty for one below ``conversions``.
        seg_kind: Of a DICOM SEG that is written.
        algorithm_name: Likewise: what drew the labels.
        threshold: Least fraction that counts, of a FRACTIONAL SEG that is read.
        smoothing_voxels: Of surfaces.
    """

    source: Path
    to: Target
    images: Path | None = None
    labels: tuple[str, ...] = ()
    dictionary: str = ""
    output: str = ""
    seg_kind: SegKind = "BINARY"
    algorithm_name: str = "unknown"
    threshold: float = 0.5
    smoothing_voxels: float = 0.8


def convert(request: ConversionRequest, data_root: Path) -> Conversion:
    """Convert a segmentation; what is not a label map becomes one on the way.

    Args:
        request: What is asked for; paths that are not absolute count from the data root.
        data_root: Where results go.

    Raises:
        InputError: What is asked for cannot be, and why.
        NiftiError: The label map is damaged.
        DicomError: A DICOM file is damaged or not what it must be.
        OSError: A file cannot be read or written.
    """
    source = data_root / request.source
    images = None if request.images is None else data_root / request.images
    table = data_root / request.dictionary
    dictionary = str(table) if request.dictionary and table.is_file() else request.dictionary
    placed = replace(request, source=source, images=images, dictionary=dictionary)
    kind, target = kind_of(source), target_of(request, data_root)
    if target.resolve() == source.resolve():
        msg = "the output would replace the source; give it another name"
        raise InputError(msg)
    if kind == request.to:
        msg = f"the source is a {kind} already; to leave labels out of a label map, filter it"
        raise InputError(msg)
    if kind == "nifti":
        return _of_labels(placed, target)
    if request.to == "nifti":
        return _to_labels(placed, kind, target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent, prefix=".conversion-") as folder:
        between = _to_labels(placed, kind, Path(folder) / _NAMES["nifti"])
        whole = replace(placed, source=between.files[0], labels=(), dictionary="")
        made = _of_labels(whole, target)
        lost = sum(row.note != "" for row in between.labels)
        notes = (f"{lost} of {len(between.labels)} have a note as a label map",) if lost else ()
        return replace(made, notes=(*between.notes, *notes))


def kind_of(source: Path) -> Kind:
    """Tell what a segmentation is: a NIfTI by its name, DICOM objects by their class.

    Raises:
        InputError: It is none, or not there.
    """
    if not source.is_file():
        msg = "there is no such file; give a label map, a DICOM SEG or an RTSTRUCT"
        raise InputError(msg)
    if source.name.lower().endswith(_IMAGES):
        return "nifti"
    with source.open("rb") as file:
        meta = read_meta(file.read(_HEAD))
    if meta is not None and meta.sop_class_uid in _SEGS:
        return "dicom-seg"
    if meta is not None and meta.sop_class_uid == RTStructureSetStorage:
        return "rtstruct"
    msg = "the source is no label map (.nii, .nii.gz, .hdr), no DICOM SEG and no RTSTRUCT"
    raise InputError(msg)


def target_of(request: ConversionRequest, data_root: Path) -> Path:
    """Return the file to write: the one asked for, else one named by what the request is about.

    Raises:
        InputError: It would lie outside the data root, or has the ending of another format.
    """
    name = _NAMES[request.to]
    if not request.output:
        return data_root / FOLDER / title_of(request) / name
    target = data_root / request.output
    if not target.resolve().is_relative_to(data_root.resolve()):
        msg = "results stay below the data root; give a path that does"
        raise InputError(msg)
    ending = name[name.index(".") :]
    if not target.name.endswith(ending):
        msg = f"the output's name must end in {ending}"
        raise InputError(msg)
    return target


def title_of(request: ConversionRequest) -> str:
    """Name a request without naming what it is about: a file's name may hold a patient's."""
    about = repr(replace(request, output=""))  # other options must not replace an earlier result
    return hashlib.sha256(about.encode()).hexdigest()[:12]


def _to_labels(request: ConversionRequest, kind: Kind, target: Path) -> Conversion:
    if kind == "dicom-seg":
        return labels_of_seg(
            request.source,
            target,
            images=request.images,
            labels=request.labels,
            threshold=request.threshold,
        )
    return labels_of_structures(
        request.source, _images(request.images), target, rois=request.labels
    )


def _of_labels(request: ConversionRequest, target: Path) -> Conversion:
    source, labels, dictionary = request.source, request.labels, request.dictionary
    if request.to == "dicom-seg":
        options = SegOptions(kind=request.seg_kind, algorithm_name=request.algorithm_name)
        images = _images(request.images)
        return seg_of_labels(
            source, images, target, labels=labels, dictionary=dictionary, options=options
        )
    if request.to == "rtstruct":
        images = _images(request.images)
        return structures_of_labels(source, images, target, labels=labels, dictionary=dictionary)
    return meshes_of_labels(
        source,
        target,
        labels=labels,
        dictionary=dictionary,
        smoothing_voxels=request.smoothing_voxels,
    )


def _images(images: Path | None) -> Path:
    """Insist on the images.

    Raises:
        InputError: There are none.
    """
    if images is None:
        msg = "give the folder of the DICOM image series that the labels were made on (images)"
        raise InputError(msg)
    return images
