"""Patients who are called something that programs stumble over."""

from dataclasses import replace

from imaging.phantoms.edges.case import Answer, EdgeCase
from imaging.phantoms.edges.patient import EdgePatient, Objects, someone
from imaging.phantoms.headers import derive_seed


def _without_study_date(patient: EdgePatient) -> Objects:
    items = patient.objects()
    for item in items:
        del item.StudyDate
    return items


def _without_descriptions(patient: EdgePatient) -> Objects:
    items = patient.objects()
    for item in items:
        item.PatientName = item.PatientBirthDate = ""
        del item.StudyDescription, item.SeriesDescription
    return items


def _two_people(patient: EdgePatient) -> Objects:
    someone_else = replace(
        patient.study,
        seed=derive_seed(patient.study.seed, "someone else"),
        patient_name="Wobblethorpe^Other",
        patient_birth_date="19380901",
        study_date="20220111",
    )
    return [*patient.objects(), *replace(patient, study=someone_else).ct_images()]


def _called(patient_id: str = "", **changes: str) -> EdgePatient:
    return EdgePatient(someone(patient_id=patient_id, **changes))


PEOPLE_CASES = (
    EdgeCase("E13-short-id", "Another PatientID begins with this one.", patient=_called("SUB1")),
    EdgeCase("E13-long-id", "This PatientID begins with another.", patient=_called("SUB11")),
    EdgeCase("E14-underscore", "PatientID holds underscores.", patient=_called("E14_under_score")),
    EdgeCase(
        "E15-umlaut",
        "PatientName has umlauts, in Latin-1.",
        patient=_called(patient_name="Müller^Jürgen"),
    ),
    EdgeCase("E16-no-study-date", "There is no StudyDate.", _without_study_date),
    EdgeCase(
        "N40-blank-first",
        "PatientID begins with a blank, which the standard takes for padding (PS3.5 6.2, LO).",
        patient=_called(" N40"),
    ),
    EdgeCase(
        "N41-wildcards", "PatientID has an asterisk and a slash.", patient=_called("N41*/../A?")
    ),
    EdgeCase("N42-id-not-ascii", "PatientID has an umlaut.", patient=_called("N42-Größe-Ø")),
    EdgeCase(
        "N43-kanji",
        "PatientName is in kanji, by way of escape sequences (PS3.5 H.3).",
        patient=_called(
            patient_name="Yamada^Tarou=山田^太郎=やまだ^たろう",
            character_set="\\ISO 2022 IR 87",
        ),
    ),
    EdgeCase(
        "N44-nothing-described",
        "Name and birth date are empty; there is no StudyDescription or SeriesDescription.",
        _without_descriptions,
    ),
    EdgeCase(
        "N45-two-people",
        "Somebody else, with another name and birth date, has a CT under the same PatientID.",
        _two_people,
        Answer(outcome="REVIEW", codes=("I_REV_002",)),
    ),
)
