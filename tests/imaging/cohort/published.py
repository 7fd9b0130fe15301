"""A published cohort of four: in the cohort, for review, excluded, and with two treatments."""

import json
from dataclasses import replace

from imaging.cohort import (
    CohortFolder,
    Decision,
    Extraction,
    PatientNotes,
    decide_batch,
    publish,
    retrieve_patient,
)
from imaging.dicom import PatientRow
from tests.imaging.cohort.fakes import FILES_ONLY, FakeArchive
from tests.imaging.cohort.rows import STRUCT, complete, patient, rt

EVIL = "<script>alert(1)</script>"
NAME, BIRTH_DATE, DATES = "Planted^Name", "19470203", ("20230101", "20230131")
IDS = ("PLANTED-1", "PLANTED-2", "PLANTED-3", "PLANTED-4")
_MASK = {
    "roi_number": 1,
    "roi_name": "=1+1",
    "interpreted_type": "PTV",
    "color": "#ff0000",
    "voxels": 1200,
    "volume_cc": 3.5,
    "flags": ["UNEVEN_PLANES"],
}
_WITHOUT = {"roi_number": 2, "roi_name": EVIL, "reason": "no closed contour"}


def held(patient_id, *series) -> PatientRow:
    """A patient with what must not be told: a name, a birth date, and dates of studies."""
    found = patient(*series, description=EVIL)
    studies = [
        replace(study, study_date=date, patient_names=(NAME,), patient_birth_dates=(BIRTH_DATE,))
        for study, date in zip(found.studies, DATES, strict=False)
    ]
    return PatientRow(patient_id, tuple(studies))


def archive():
    image, _, *others = complete()
    struct = rt("RTSTRUCT", replace(STRUCT, rois=((1, "=1+1"), (2, EVIL))))
    return FakeArchive(
        held(IDS[0], image, struct, *others),
        held(IDS[1], *complete()),
        held(IDS[2], *complete()[1:]),
        held(IDS[3], *complete(), *map(_elsewhere, complete("s2", ".2"))),
    )


def _elsewhere(series):
    """The series in another frame of reference, so that it is of another course."""
    frames = ("frame.2",)
    references = [
        replace(one, frame_of_reference_uids=frames) if one.frame_of_reference_uids else one
        for one in series.references
    ]
    tags = dict.fromkeys(series.tags, frames[0])
    return replace(series, tags=tags, references=tuple(references))


def published(root, specification=FILES_ONLY):
    """Extract the cohort; the first patient has masks and pictures, the second is for review."""
    run = Extraction(CohortFolder(root / "cohort"), specification, "run-1", b"key")
    source = archive()
    for path in decide_batch(source, list(IDS), run):
        retrieve_patient(source, path, run.cohort)
    _add_products(run)
    change(run, IDS[1], Decision("XIV_REV_003", "struct", {"rois": ["1 <script>"]}))
    publish(list(IDS), run)
    return run


def change(run, patient_id, *decisions):
    """Add decisions to the case of a patient."""
    path = run.notes(patient_id)
    notes = PatientNotes.read(path)
    notes.with_case(replace(notes.cases[0], prepared=decisions)).write(path)


def _add_products(run):
    path = run.notes(IDS[0])
    notes = PatientNotes.read(path)
    (case,) = notes.cases
    folder = run.cohort.root / case.place
    (folder / "nifti" / "masks").mkdir(parents=True)
    table = {"masks": {"_1_1.nii.gz": _MASK}, "without_mask": [_WITHOUT]}
    (folder / "nifti" / "masks" / "rois.json").write_text(json.dumps(table))
    (folder / "rois.png").write_bytes(b"png")
    products = ("nifti/masks/_1_1.nii.gz", "nifti/masks/rois.json", "rois.png")
    notes.with_case(replace(case, products=products)).write(path)
