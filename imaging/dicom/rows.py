"""What an archive says about a patient before anything is downloaded, in rows."""

from dataclasses import dataclass, field, replace
from datetime import date

Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """One DICOM instance as listed.

    Attributes:
        sop_instance_uid: SOPInstanceUID.
        size: Length of the DICOM file in bytes.
        fingerprint: Changes when the stored content changes, even under the same UID.
        locator: How the archive finds it: an Orthanc id, or a path.
        position_mm: ImagePositionPatient, or () where there is none.
        orientation: ImageOrientationPatient, or ().
        matrix: Rows and Columns of an image, or () where they are not known.
    """

    sop_instance_uid: str
    size: int
    fingerprint: str
    locator: str
    position_mm: Vector = ()
    orientation: Vector = ()
    matrix: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RtReferences:
    """What an RT object refers to, as far as linking needs it. UIDs in the order of the object.

    Attributes:
        sop_instance_uid: The RT object itself.
        label: StructureSetLabel or RTPlanLabel.
        date: StructureSetDate or RTPlanDate, of an RTDOSE InstanceCreationDate; YYYYMMDD or "".
        time: The time to that date, HHMMSS and perhaps a fraction, or "".
        approval_status: ApprovalStatus, "" where absent.
        frame_of_reference_uids: Frames of reference it names.
        series_uids: RTSTRUCT: every RTReferencedSeriesSequence item's SeriesInstanceUID.
        image_uids: RTSTRUCT: every ContourImageSequence ReferencedSOPInstanceUID, once each.
        rois: RTSTRUCT: ROINumber and ROIName of every StructureSetROISequence item.
        structure_set_uids: RTPLAN, RTDOSE: ReferencedStructureSetSequence.
        plan_uids: RTDOSE: ReferencedRTPlanSequence.
        dose_summation_type: RTDOSE: PLAN, BEAM, FRACTION, …
        dose_units: RTDOSE: GY or RELATIVE.
        beam_numbers: RTPLAN: beams of its FractionGroups; RTDOSE: ReferencedBeamNumbers.
        related_plan_uids: RTPLAN: plans that it replaces, varies or completes.
        roi_types: RTSTRUCT: ROINumber and RTROIInterpretedType, where one is given.
        fractions: RTPLAN: NumberOfFractionsPlanned of all its FractionGroups, 0 where not told.
        patient_name: PatientName, "" where absent.
        patient_birth_date: PatientBirthDate, YYYYMMDD or "".
    """

    sop_instance_uid: str
    label: str = ""
    date: str = ""
    approval_status: str = ""
    frame_of_reference_uids: tuple[str, ...] = ()
    series_uids: tuple[str, ...] = ()
    image_uids: tuple[str, ...] = ()
    rois: tuple[tuple[int, str], ...] = ()
    structure_set_uids: tuple[str, ...] = ()
    plan_uids: tuple[str, ...] = ()
    dose_summation_type: str = ""
    dose_units: str = ""
    beam_numbers: tuple[int, ...] = ()
    time: str = ""
    related_plan_uids: tuple[str, ...] = ()
    roi_types: tuple[tuple[int, str], ...] = ()
    fractions: int = 0
    patient_name: str = ""
    patient_birth_date: str = ""


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One series: its tags, its instances, and for an RT series what each object refers to.

    Attributes:
        tags: Attributes of the series and, for images, of one instance, by DICOM keyword, as
            strings (multiple values joined by a backslash). Always present, perhaps empty:
            Modality, SeriesDescription, FrameOfReferenceUID (images).
        references: One a readable RT object; () for images.
        unreadable: Why an instance cannot be used, by its SOPInstanceUID: an RT object that is
            cut short, malformed or gone; in a folder, an image that is cut short. It is among the
            instances all the same.
        is_doubtful: The archive failed over something of it; another listing may say more.
        conflicting: SOPInstanceUIDs that come with differing content, sorted.
    """

    series_instance_uid: str
    study_instance_uid: str
    modality: str
    instances: tuple[InstanceRow, ...]
    tags: dict[str, str] = field(default_factory=dict)
    references: tuple[RtReferences, ...] = ()
    unreadable: dict[str, str] = field(default_factory=dict)
    is_doubtful: bool = False
    conflicting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One study.

    Attributes:
        stable: False while instances are still arriving.
        patient_name: As this study has it; another study of that PatientID may have another.
        patient_birth_date: Likewise, YYYYMMDD or "".
        study_time: StudyTime, HHMMSS and perhaps a fraction, or "".
        patient_names: The different PatientNames that its objects have, sorted: of every file in a
            folder, elsewhere of what a listing looks into. The same name with or without its
            ideographic and phonetic groups counts once.
        patient_birth_dates: The different PatientBirthDates, likewise.
    """

    study_instance_uid: str
    study_date: str
    description: str
    series: tuple[SeriesRow, ...]
    stable: bool = True
    patient_name: str = ""
    patient_birth_date: str = ""
    study_time: str = ""
    patient_names: tuple[str, ...] = ()
    patient_birth_dates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PatientRow:
    """One patient with everything the archive holds of them."""

    patient_id: str
    studies: tuple[StudyRow, ...]

    @property
    def series(self) -> tuple[SeriesRow, ...]:
        """Every series of every study."""
        return tuple(series for study in self.studies for series in study.series)

    def in_order(self) -> "PatientRow":
        """Sort studies by date, and everything by UID: two archives then say it alike."""
        studies = sorted(self.studies, key=lambda row: (row.study_date, row.study_instance_uid))
        return replace(self, studies=tuple(_study_in_order(study) for study in studies))


def _study_in_order(study: StudyRow) -> StudyRow:
    series = sorted(study.series, key=lambda row: row.series_instance_uid)
    return replace(study, series=tuple(_series_in_order(row) for row in series))


def _series_in_order(series: SeriesRow) -> SeriesRow:
    return replace(
        series,
        instances=tuple(sorted(series.instances, key=lambda row: row.sop_instance_uid)),
        references=tuple(sorted(series.references, key=lambda row: row.sop_instance_uid)),
    )


@dataclass(frozen=True, slots=True)
class Holding:
    """What can be told of a patient without looking into anything: enough to know a change.

    Attributes:
        patient_id: As the archive has it.
        digest: Made of the patient's series and instances; another once one of them is added,
            deleted or moved. Whether content was replaced under the same UID is told here or by
            ``is_touched``.
        is_stable: No study is still receiving instances.
        is_touched: The archive's change feed tells of something of this patient since the cursor,
            or it cannot tell.
    """

    patient_id: str
    digest: str
    is_stable: bool = True
    is_touched: bool = True


@dataclass(frozen=True, slots=True)
class DateRange:
    """Study dates, both ends included; None leaves an end open."""

    first: date | None = None
    last: date | None = None

    def contains(self, study_date: str) -> bool:
        """Tell whether a StudyDate, YYYYMMDD, is in the range; one that is absent never is."""
        first = self.first.isoformat().replace("-", "") if self.first else ""
        last = self.last.isoformat().replace("-", "") if self.last else "99999999"
        return bool(study_date) and first <= study_date <= last
