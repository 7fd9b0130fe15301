"""What every object of a study shares: patient, study, equipment, and UIDs that repeat."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import NAMESPACE_OID, uuid5

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian

MANUFACTURER = "Synthetic"
STUDY_TIME = "101500"


@dataclass(frozen=True, slots=True)
class StudyHeader:
    """The patient and the study that an object belongs to.

    Attributes:
        seed: What every UID and every random number of the study is derived from.
        patient_id: PatientID.
        patient_name: PatientName.
        patient_birth_date: PatientBirthDate, YYYYMMDD.
        study_date: StudyDate and the date of everything in it, YYYYMMDD.
        study_description: StudyDescription.
        character_set: SpecificCharacterSet, which must be able to hold the name.
    """

    seed: int
    patient_id: str
    patient_name: str
    patient_birth_date: str
    study_date: str
    study_description: str = "Breast RT"
    character_set: str = "ISO_IR 100"

    @property
    def study_instance_uid(self) -> UID:
        """StudyInstanceUID."""
        return self.uid("study")

    @property
    def frame_of_reference_uid(self) -> UID:
        """FrameOfReferenceUID of the CT and of everything drawn or computed on it."""
        return self.uid("frame of reference")

    def uid(self, role: str) -> UID:
        """Derive the UID of something in this study: same seed, patient and role, same UID."""
        name = f"{self.seed}/{self.patient_id}/{role}"
        return UID(f"2.25.{uuid5(NAMESPACE_OID, name).int}")


def derive_seed(*names: object) -> int:
    """Hash ``names`` to a seed of 63 bits, the same in every process and on every machine."""
    text = "/".join(str(name) for name in names)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def new_object(study: StudyHeader, sop_class: UID, modality: str, role: str) -> Dataset:
    """Make an object with its file meta and its patient, study and equipment modules.

    It starts a series of its own; ``role`` names it within the study. The modules are those of
    PS3.3 C.7.1 to C.7.5 and C.12.1.
    """
    dataset = Dataset()
    dataset.SpecificCharacterSet = study.character_set
    dataset.InstanceCreationDate, dataset.InstanceCreationTime = study.study_date, STUDY_TIME
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = study.uid(role)
    dataset.StudyDate, dataset.StudyTime = study.study_date, STUDY_TIME
    dataset.AccessionNumber = ""
    dataset.Modality = modality
    dataset.ReferringPhysicianName = dataset.OperatorsName = ""
    dataset.StudyDescription = study.study_description
    dataset.StudyInstanceUID = study.study_instance_uid
    dataset.SeriesInstanceUID = study.uid(f"series of {role}")
    dataset.StudyID = "1"
    dataset.SeriesNumber = 1
    dataset.FrameOfReferenceUID = study.frame_of_reference_uid
    dataset.PositionReferenceIndicator = ""
    _add_patient_and_equipment(dataset, study)
    dataset.file_meta = _file_meta(dataset)
    return dataset


def rename(dataset: Dataset, sop_instance_uid: UID) -> Dataset:
    """Give ``dataset`` another SOPInstanceUID, in its file meta too, and return it."""
    dataset.SOPInstanceUID = sop_instance_uid
    dataset.file_meta.MediaStorageSOPInstanceUID = sop_instance_uid
    return dataset


def reference_to(dataset: Dataset) -> Dataset:
    """Make a sequence item that refers to ``dataset`` (PS3.3 table 10-11)."""
    return reference(dataset.SOPClassUID, dataset.SOPInstanceUID)


def reference(sop_class: UID, sop_instance_uid: UID) -> Dataset:
    """Make a sequence item that refers to an object (PS3.3 table 10-11)."""
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class
    item.ReferencedSOPInstanceUID = sop_instance_uid
    return item


def approve(dataset: Dataset, study: StudyHeader) -> None:
    """Mark an object as approved on the day of the study (PS3.3 C.8.8.16)."""
    dataset.ApprovalStatus = "APPROVED"
    dataset.ReviewDate, dataset.ReviewTime = study.study_date, STUDY_TIME
    dataset.ReviewerName = "Reviewer^Synthetic"


def set_decimals(item: Dataset, keyword: str, values: Iterable[float]) -> None:
    """Set a DS element of many values, with five decimals each.

    The text goes in as it will be written: as numbers, each would become an object, and a large
    ROI take seconds.
    """
    text = "\\".join([f"{value:.5f}" for value in values]).encode()
    text += b" " * (len(text) % 2)
    tag = Tag(keyword)
    item[tag] = RawDataElement(
        tag, "DS", len(text), text, value_tell=0, is_implicit_VR=True, is_little_endian=True
    )
    item.set_original_encoding(
        is_implicit_vr=True, is_little_endian=True, character_encoding="iso8859"
    )


def _add_patient_and_equipment(dataset: Dataset, study: StudyHeader) -> None:
    dataset.PatientName = study.patient_name
    dataset.PatientID = study.patient_id
    dataset.PatientBirthDate = study.patient_birth_date
    dataset.PatientSex = "F"
    dataset.Manufacturer = MANUFACTURER
    dataset.ManufacturerModelName = "Closed form"
    dataset.SoftwareVersions = dataset.DeviceSerialNumber = "1"


def _file_meta(dataset: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    is_ct = dataset.SOPClassUID == CTImageStorage
    # Explicit VR has 16 bits for the length of a contour: 2,400 points and no more.
    meta.TransferSyntaxUID = ExplicitVRLittleEndian if is_ct else ImplicitVRLittleEndian
    # Written out, or the library would put its own version here and other bytes with every release.
    meta.ImplementationClassUID = UID(f"2.25.{uuid5(NAMESPACE_OID, MANUFACTURER).int}")
    meta.ImplementationVersionName = "SYNTHETIC_1"
    return meta
