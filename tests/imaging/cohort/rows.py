"""Rows as an archive would list them, small enough to read."""

from dataclasses import replace

from imaging.dicom import InstanceRow, PatientRow, RtReferences, SeriesRow, StudyRow

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def slices(series="ct", count=5, spacing_mm=3.0):
    return tuple(
        InstanceRow(f"{series}.{i}", 100, f"f{i}", f"l{i}", (0.0, 0.0, i * spacing_mm), AXIAL)
        for i in range(count)
    )


def ct(uid="ct", study="study", instances=None, frame="frame"):
    rows = slices(uid) if instances is None else tuple(instances)
    return SeriesRow(uid, study, "CT", rows, {"FrameOfReferenceUID": frame})


def rt(modality, *references, study="study"):
    rows = tuple(InstanceRow(r.sop_instance_uid, 10, "f", "l") for r in references)
    uid = "series-" + "-".join(r.sop_instance_uid for r in references)
    return SeriesRow(uid, study, modality, rows, references=references)


STRUCT = RtReferences(
    "struct", series_uids=("ct",), frame_of_reference_uids=("frame",), rois=((1, "PTV"),)
)
PLAN = RtReferences("plan", structure_set_uids=("struct",), approval_status="APPROVED")
DOSE = RtReferences(
    "dose", plan_uids=("plan",), dose_summation_type="PLAN", frame_of_reference_uids=("frame",)
)


def complete(study="study", suffix=""):
    """The four series of one treatment; a suffix makes all of its UIDs others."""
    struct = replace(STRUCT, sop_instance_uid="struct" + suffix, series_uids=("ct" + suffix,))
    plan = replace(PLAN, sop_instance_uid="plan" + suffix, structure_set_uids=("struct" + suffix,))
    dose = replace(DOSE, sop_instance_uid="dose" + suffix, plan_uids=("plan" + suffix,))
    return (
        ct("ct" + suffix, study),
        rt("RTSTRUCT", struct, study=study),
        rt("RTPLAN", plan, study=study),
        rt("RTDOSE", dose, study=study),
    )


def patient(*series, description=""):
    studies: dict[str, list[SeriesRow]] = {}
    for row in series:
        studies.setdefault(row.study_instance_uid, []).append(row)
    return PatientRow(
        "SUB001",
        tuple(StudyRow(uid, "20240101", description, tuple(rows)) for uid, rows in studies.items()),
    )
