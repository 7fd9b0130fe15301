"""The de-identifier: a data set or a file in, one without an identity out."""

from collections import Counter
from pathlib import Path
from typing import Any

import pydicom
from pydicom import Dataset, FileDataset
from pydicom.dataset import FileMetaDataset

from imaging.dicom.deidentify.elements import copy_encoding, text_at
from imaging.dicom.deidentify.keyed import Keyed
from imaging.dicom.deidentify.marks import mark
from imaging.dicom.deidentify.options import DeidentifyOptions
from imaging.dicom.deidentify.outcome import Done, FileOutcome, Suspicion
from imaging.dicom.deidentify.pixels import has_more_bytes, is_ct_image, is_directory, suspicions
from imaging.dicom.deidentify.rewriting import Opened, read_header, write_object
from imaging.dicom.deidentify.rules import Rules
from imaging.dicom.deidentify.subject import Subject, patient_pseudonym, sham_of
from imaging.dicom.deidentify.tags import tag_of
from imaging.dicom.deidentify.walker import Walk
from imaging.dicom.reading import UNREADABLE
from imaging.errors import DicomError

_PATIENT_ID, _PATIENT_NAME = tag_of("PatientID"), tag_of("PatientName")
_SOP_CLASS, _SOP_INSTANCE = tag_of("SOPClassUID"), tag_of("SOPInstanceUID")
_BLANK_PREAMBLE = bytes(128)
_ENCODINGS: dict[tuple[bool | None, bool | None], pydicom.uid.UID] = {
    (True, True): pydicom.uid.ImplicitVRLittleEndian,
    (False, True): pydicom.uid.ExplicitVRLittleEndian,
    (False, False): pydicom.uid.ExplicitVRBigEndian,
}


class Deidentifier:
    """De-identifies by the Basic Profile of DICOM PS3.15, Annex E, and some of its options.

    The same key gives the same output in every process; one instance may serve several threads.
    What the profile does not cover stays: faces and teeth can be recognised in the images
    themselves, so that the output is pseudonymous, not anonymous.

    Attributes:
        options: What is kept beyond the profile.
        keyed: Makes the pseudonyms.
    """

    def __init__(self, key: bytes | str, **options: Any) -> None:
        """Take the key and the options.

        Args:
            key: The project's secret, at least 32 bytes; text is its UTF-8.
            options: Fields of `DeidentifyOptions`.

        Raises:
            InputError: The key is too short.
            ValidationError: An option is unknown or has a value that it cannot have.
        """
        self.options = DeidentifyOptions(**options)
        self.keyed = Keyed(key)
        self._rules = Rules(self.options)

    def dataset(self, ds: Dataset) -> Dataset:
        """Return a data set without the identity in another.

        Its pixels are not judged: ``suspicions`` does.

        Args:
            ds: The source, which stays as it is.

        Raises:
            DicomError: It is malformed.
        """
        try:
            return self._cleaned(ds)[0]
        except UNREADABLE as error:
            raise _malformed(str(ds.get("SOPInstanceUID", "")), error) from None

    def file(self, source: Path, target: Path) -> FileOutcome:
        """Write a file without the identity in another.

        Args:
            source: The source, which stays as it is.
            target: Written wholly or not at all. Nothing is written of an object that is held back.

        Raises:
            DicomError: The source is malformed, cut short, or no DICOM; it names the source file.
            OSError: The source cannot be read, or the target not be written.
        """
        source, target = Path(source), Path(target)
        with source.open("rb") as file:
            opened = read_header(file, source.name)
            try:
                held_back = self._held_back(opened)
                made, counts = self._cleaned(opened.dataset)
                outcome = FileOutcome(_uid(made), dict(counts), held_back)
                if not held_back:
                    write_object(target, made, file, opened)
            except UNREADABLE as error:
                raise _malformed(source.name, error) from None
        return outcome

    def suspicions(self, ds: Dataset) -> tuple[Suspicion, ...]:
        """Return why a person should look at an object's pixels before they leave."""
        return suspicions(ds)

    def patient_id(self, ds: Dataset) -> str:
        """Return the PatientID that an object gets."""
        return patient_pseudonym(Subject.of(ds, self.keyed).identity, self.keyed)

    def uid(self, uid: str) -> str:
        """Return what a UID becomes."""
        return uid if self.options.retain_uids else self.keyed.uid(uid)

    def _cleaned(self, ds: Dataset) -> tuple[FileDataset, Counter[Done]]:
        subject = Subject.of(ds, self.keyed)
        walk = Walk(self.options, self.keyed, self._rules, subject)
        made = self._as_file(ds, walk.dataset(ds))
        if not text_at(made, _PATIENT_ID):
            made.PatientID = patient_pseudonym(subject.identity, self.keyed)
        if not text_at(made, _PATIENT_NAME):
            made.PatientName = sham_of("", subject, self.keyed)
        mark(made, self.options)
        return made, walk.counts

    def _as_file(self, source: Dataset, made: Dataset) -> FileDataset:
        """Give what was made the file meta information it needs, and no more (PS3.10, 7.1)."""
        old = getattr(source, "file_meta", None) or FileMetaDataset()
        kind = text_at(made, _SOP_CLASS) or old.get("MediaStorageSOPClassUID")
        uid = text_at(made, _SOP_INSTANCE) or self.uid(old.get("MediaStorageSOPInstanceUID", ""))
        syntax = old.get("TransferSyntaxUID") or _ENCODINGS.get(source.original_encoding)
        meta = FileMetaDataset()
        meta.FileMetaInformationVersion = b"\0\1"
        if kind:
            meta.MediaStorageSOPClassUID = pydicom.uid.UID(kind)
        if uid:
            meta.MediaStorageSOPInstanceUID = pydicom.uid.UID(uid)
        if syntax:
            meta.TransferSyntaxUID = syntax
        file = FileDataset("", made, _BLANK_PREAMBLE, meta)
        copy_encoding(source, file)
        return file

    def _held_back(self, opened: Opened) -> tuple[Suspicion, ...]:
        dataset, pixels = opened
        if is_directory(dataset):
            return (Suspicion.DIRECTORY,)
        if self.options.attributes == "ct_volume" and not is_ct_image(dataset):
            return (Suspicion.NO_CT_VOLUME,)
        if not self.options.hold_back_pixels:
            return ()
        found = suspicions(dataset)
        if _has_more_bytes(dataset, pixels):
            found += (Suspicion.BYTES_AFTER_PIXELS,)
        return found


def _has_more_bytes(dataset: FileDataset, pixels: tuple[int, int] | None) -> bool:
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if syntax is None or syntax.is_encapsulated:
        return False
    if pixels is None:
        return "PixelData" in dataset and has_more_bytes(dataset, len(dataset.PixelData))
    return has_more_bytes(dataset, pixels[1] - pixels[0] - 12)  # an element's longest header


def _uid(dataset: FileDataset) -> str:
    return str(dataset.file_meta.get("MediaStorageSOPInstanceUID", ""))


def _malformed(name: str, error: BaseException) -> DicomError:
    """Return what says that an object is malformed; pydicom's own words may hold a value."""
    return DicomError(name, f"malformed: {type(error).__name__}")
