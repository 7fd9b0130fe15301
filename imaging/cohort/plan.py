"""From a verdict to notes: the cases a patient becomes, where they go, and of what they consist."""

from dataclasses import replace
from typing import Any

from imaging.cohort.decide import CaseVerdict, Verdict
from imaging.cohort.notes import CaseNotes, PatientNotes
from imaging.cohort.objects import Chain
from imaging.cohort.place import case_place, quarantine_place
from imaging.dicom import InstanceRow, PatientRow, SeriesRow


def notes_of(
    patient: PatientRow, verdict: Verdict, case_id: str, run_id: str, basis: str = ""
) -> PatientNotes:
    """Put a verdict into notes."""
    taken = [case for case in verdict.cases if not case.aside]
    aside = [case for case in verdict.cases if case.aside]
    # Of several courses, a case is named by what it is, not by how many there are by now.
    each = verdict.each_course
    cases = [_case(case, f"{case_id}-{case.chain.key}" if each else case_id) for case in taken]
    cases += [_candidate(case, case_id) for case in aside]
    return PatientNotes(
        patient_id=patient.patient_id,
        case_id=case_id,
        run_id=run_id,
        judged=verdict.judged,
        basis=basis,
        holdings=_holdings(patient),
        courses=tuple(course.to_json() for course in verdict.courses),
        cases=tuple(cases),
    )


def _case(case: CaseVerdict, name: str) -> CaseNotes:
    return _notes(case, name, case_place(name))


def _candidate(case: CaseVerdict, case_id: str) -> CaseNotes:
    key = case.chain.key
    return _notes(case, f"{case_id}-{key}", quarantine_place(case_id, key))


def _notes(case: CaseVerdict, name: str, place: str) -> CaseNotes:
    return CaseNotes(
        name=name,
        place=place,
        key=case.chain.key,
        aside=case.aside,
        course=case.course,
        linked=case.decisions,
        chosen=_chosen(case.chain),
        parts=_parts(case.chain),
    )


def _holdings(patient: PatientRow) -> tuple[dict[str, Any], ...]:
    return tuple(
        {
            "study_instance_uid": study.study_instance_uid,
            "study_date": study.study_date,
            "study_description": study.description,
            "series": [
                {
                    "series_instance_uid": row.series_instance_uid,
                    "modality": row.modality,
                    "series_description": row.tags.get("SeriesDescription", ""),
                    "instances": len(row.instances),
                }
                for row in study.series
            ],
        }
        for study in patient.studies
    )


def _chosen(chain: Chain) -> dict[str, Any]:
    first = next((series for series, _ in chain.parts()), None)
    struct = chain.structure_set
    return {
        "study_instance_uid": "" if first is None else first.study_instance_uid,
        "ct_series_instance_uid": "" if chain.images is None else chain.images.series_instance_uid,
        "image_modality": "" if chain.images is None else chain.images.modality,
        "rtstruct_sop_instance_uid": "" if struct is None else struct.uid,
        "rtplan_sop_instance_uids": [plan.uid for plan in chain.plans],
        "rtdoses": [
            {
                "sop_instance_uid": dose.uid,
                "type": dose.refers.dose_summation_type,
                "units": dose.refers.dose_units,
                "plans": list(dose.refers.plan_uids),
            }
            for dose in chain.doses
        ],
        "rois": [] if struct is None else [name for _, name in struct.refers.rois],
        "moment": chain.moment,
        "evidence": chain.evidence,
    }


def _parts(chain: Chain) -> tuple[SeriesRow, ...]:
    """Collect the wanted instances by series: one series is one request."""
    wanted: dict[str, tuple[SeriesRow, list[InstanceRow]]] = {}
    for series, instances in chain.parts():
        wanted.setdefault(series.series_instance_uid, (series, []))[1].extend(instances)
    return tuple(replace(series, instances=tuple(rows)) for series, rows in wanted.values())
