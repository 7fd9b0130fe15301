"""Pull a cohort out of an archive: choose, decide, retrieve, publish."""

from pathlib import Path
from typing import Annotated

from prefect import flow, unmapped
from pydantic import Field

from imaging.cohort import CohortRules, PatientSelection, in_groups
from tasks.cohort import (
    choose_patients,
    decide_batch,
    extraction,
    publish_cohort,
    retrieve_patients,
)
from tasks.progress import settle
from tasks.threads import threads

CohortName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Percent = Annotated[float, Field(ge=0, le=100)]


@flow(flow_run_name="extract-{cohort}", task_runner=threads(4))
def extract_cohort(
    cohort: CohortName = "cohort",
    patients: PatientSelection = PatientSelection(),  # noqa: B008 - a frozen-in default is what the form shows
    rules: CohortRules = CohortRules(),  # noqa: B008 - as above
    archive: str = "default",
    max_failed_percent: Percent = 50,
) -> Path:
    """Link CT, RTSTRUCT, RTPLAN and RTDOSE of each patient, decide, and retrieve who qualifies.

    Writes `<data root>/cohorts/<cohort>/`: `manifest.parquet` and `.csv`, a notes file a patient,
    and the DICOM files under `patients/<case id>/`. A later run fetches only what is missing. The
    manifest lists the patients of this run, and says who is in the cohort: files of a patient who
    was in it before stay on disk.

    Args:
        cohort: Name of the cohort, and of its folder: letters, digits, dot, dash, underscore.
        patients: Which patients to look at; by default all that the archive holds.
        rules: What a patient must have to proceed.
        archive: Where to look: `default` is the archive of the settings; otherwise the name of a
            block, `orthanc-server/<name>` or `dicom-folder/<name>`.
        max_failed_percent: The run fails when more than this share of patients failed for technical
            reasons, or all of them; patients excluded by a rule do not count.
    """
    with extraction(cohort, rules) as run:
        batches = choose_patients(archive, patients)
        judging = decide_batch.map(batches, unmapped(archive), unmapped(run))
        qualified = settle(judging, f"judging-{cohort}", "Patients judged, in batches")
        groups = in_groups([notes for batch in qualified for notes in batch])
        retrieving = retrieve_patients.map(groups, unmapped(archive), unmapped(run))
        settle(retrieving, f"retrieving-{cohort}", "Patients retrieved, in groups")
        return publish_cohort(batches, run, max_failed_percent)
