"""From a patient's DICOM files to everything that is made of them."""

import logging
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from imaging.errors import DicomError, ImagingError
from imaging.volumes.coverage import findings_of_place
from imaging.volumes.doses import write_dose
from imaging.volumes.findings import Evidence, Finding, FindingKind
from imaging.volumes.images import read_stack, unreadable, write_image
from imaging.volumes.masks import MaskMaker, MaskSet, findings_of
from imaging.volumes.outlines import read_rois
from imaging.volumes.pictures import write_pictures
from imaging.volumes.planes import Planes
from imaging.volumes.record import (
    NIFTI,
    PICTURES,
    earlier,
    key_of,
    remove_masks,
    remove_products,
    write_record,
)
from imaging.volumes.request import CaseFiles, Products, Resampling, Wanted
from imaging.volumes.stacking import Stack

log = logging.getLogger(__name__)


def write_products(
    files: CaseFiles,
    folder: Path,
    wanted: Wanted,
    resampling: Resampling,
    wanted_rois: Sequence[str] = (),
) -> Products:
    """Write the volumes of one patient below their folder.

    ``nifti/CT.nii.gz`` (named by Modality), ``nifti/dose.nii.gz``, ``nifti/dose_on_ct.nii.gz``,
    ``nifti/labels.nii.gz`` with ``nifti/labels.tsv``, ``nifti/masks/*.nii.gz`` with ``rois.json``,
    ``rois.png``, and ``products.json``, which comes last and says that all is there. A call with
    the same files and choices does nothing; any other writes everything anew.

    Args:
        files: The DICOM files.
        folder: The patient's folder.
        wanted: Which outputs.
        resampling: What may be done to slices that do not stack evenly.
        wanted_rois: Names or patterns of ROIs that must have a mask, and lie in the dose.

    Returns:
        What was written, and what was found: data that make no volume or dose are a finding, no
        error.

    Raises:
        OSError: A file is gone, or cannot be written.
    """
    key = key_of(files, wanted, resampling, wanted_rois)
    done = earlier(folder, key)
    if done is not None:
        return done
    remove_products(folder)
    making = _Making(files, folder, wanted)
    stack = making.stack(resampling)
    made = MaskSet()
    if stack is not None:
        making.image(stack)
        made = making.masks(stack, wanted_rois)
        making.pictures(stack, made)
    making.dose(stack, made, wanted_rois)
    return write_record(folder, key, making.findings, None if stack is None else stack.geometry)


class _Making:
    """The steps of one call; each adds what it finds."""

    def __init__(self, files: CaseFiles, folder: Path, wanted: Wanted) -> None:
        self._files, self._folder, self._wanted = files, folder, wanted
        self.findings: list[Finding] = []

    def stack(self, resampling: Resampling) -> Stack | None:
        """Read the headers of the images, if anything needs them.

        A dose on its own grid only asks where the images are. If they make no volume, it goes
        without, and no word is said of a volume that nobody wants.
        """
        wanted, files = self._wanted, self._files
        of_rois = (wanted.masks or wanted.label_map) and files.rtstruct is not None
        of_dose = files.dose is not None
        needed = wanted.image or wanted.pictures or of_rois or (wanted.dose_on_image and of_dose)
        if not files.images or not (needed or (wanted.dose and of_dose)):
            return None
        stack = read_stack(files.images, resampling)
        found = [stack] if isinstance(stack, Finding) else stack.findings
        self.findings += found if needed else []
        return None if isinstance(stack, Finding) else stack

    def image(self, stack: Stack) -> None:
        """Write the image, if it is wanted."""
        if not self._wanted.image:
            return
        with self._noting(FindingKind.IMAGE_FAILED, stack.series_instance_uid):
            self.findings.append(write_image(stack, self._folder / NIFTI))

    def masks(self, stack: Stack, wanted_rois: Sequence[str]) -> MaskSet:
        """Make the masks, if something is wanted of them."""
        wanted, rtstruct = self._wanted, self._files.rtstruct
        made = MaskSet()
        if rtstruct is None or not (wanted.masks or wanted.label_map or wanted.pictures):
            return made
        folder, uid = self._folder / NIFTI, rtstruct.stem
        frame_uid = stack.slices[0].frame_of_reference_uid
        try:
            with self._noting(FindingKind.MASKS_FAILED, uid):
                uid, rois = read_rois(rtstruct)
                made = MaskMaker(stack.geometry, frame_uid, folder, wanted).make(rois, uid)
                self.findings += findings_of(made, rois, uid, wanted_rois)
        except DicomError as error:
            evidence: Evidence = {"reason": error.args[1]}
            self.findings.append(Finding(FindingKind.MASKS_FAILED, error.uid, evidence))
        if any(finding.kind == FindingKind.MASKS_FAILED for finding in self.findings):
            remove_masks(self._folder)  # some, without the list of which is which, mislead
        return made

    def pictures(self, stack: Stack, made: MaskSet) -> None:
        """Draw the contact sheet, if it is wanted and the pixels can be read."""
        kinds = {finding.kind for finding in self.findings}
        if not self._wanted.pictures or FindingKind.PIXELS_UNREADABLE in kinds:
            return
        planes = Planes(stack, np.float32)
        count = len(made.rows) + len(made.missing)
        try:
            with self._noting(FindingKind.IMAGE_FAILED, stack.series_instance_uid):
                write_pictures(self._folder / PICTURES, planes, made.sketches, count)
        except DicomError as error:
            self.findings.append(unreadable(error))

    def dose(self, stack: Stack | None, made: MaskSet, wanted_rois: Sequence[str]) -> None:
        """Write the dose, on the grids that are wanted, and say what of the patient it misses."""
        wanted, source = self._wanted, self._files.dose
        image = stack.geometry if wanted.dose_on_image and stack is not None else None
        if source is None or not (wanted.dose or image is not None):
            return
        uid = next((path.stem for path in source.files), "")
        with self._noting(FindingKind.DOSE_FAILED, uid):
            try:
                dose = source.read()
            except ImagingError as error:
                refused = {"reason": str(error)}
                self.findings.append(Finding(FindingKind.DOSE_REFUSED, uid, refused))
                return
            found = write_dose(dose, self._folder / NIFTI, image, own=wanted.dose)
            if stack is not None:
                found += findings_of_place(dose, stack.geometry, made, wanted_rois)
            self.findings += found

    @contextmanager
    def _noting(self, kind: FindingKind, uid: str) -> Iterator[None]:
        """Note an error that nobody foresaw, so that it costs one output and not the others."""
        try:
            yield
        except (OSError, ImagingError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - recorded with its trace; other outputs go on
            log.warning("%s: %s, %s", uid, kind, type(error).__name__)
            self.findings.append(Finding(kind, uid, {"reason": traceback.format_exc()}))
