"""Folders follow their treatments: what a patient's cases become, their files become too.

A folder is never shared by two treatments, and never left under the name of another one. What is no
case any more lies in `left/`, from where it comes back without being fetched again.
"""

import shutil
from pathlib import Path

from imaging.cohort.notes import PatientNotes
from imaging.cohort.place import CohortFolder, left_place


def rehome(old: PatientNotes | None, new: PatientNotes, cohort: CohortFolder) -> None:
    """Move the folders of a patient's cases to where new notes have them.

    Told twice, as after a kill, it does the rest. DVHs of a folder whose content changes are
    deleted: they would be shown as those of another treatment.
    """
    root, case_id = cohort.root, new.case_id
    stays = {case.key: case.place for case in new.cases}
    for case in () if old is None else old.cases:
        if stays.get(case.key) != case.place and (root / case.place).exists():
            _move(root / case.place, root / left_place(case_id, case.key))
            forget_dvhs(cohort, case.name)
    known = {case.place: case.key for case in (() if old is None else old.cases)}
    for case in new.cases:
        spare, home = root / left_place(case_id, case.key), root / case.place
        if not spare.exists():
            continue
        if home.exists() and known.get(case.place) != case.key:
            _move(home, root / left_place(case_id, "unknown"))
        if not home.exists():
            _move(spare, home)
            forget_dvhs(cohort, case.name)


def forget_dvhs(cohort: CohortFolder, case_name: str) -> None:
    """Delete the DVHs of a case whose files are about to change."""
    shutil.rmtree(cohort.dvhs(case_name), ignore_errors=True)


def _move(source: Path, target: Path) -> None:
    if target.exists():
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)
