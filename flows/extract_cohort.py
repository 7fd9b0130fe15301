"""Pull a cohort out of an archive: choose, decide, retrieve, write, publish."""

from pathlib import Path
from typing import Annotated

from prefect import flow, unmapped
from prefect.states import Completed
from pydantic import Field

from flows.compute_dvh import compute_dvh
from imaging.cohort import CohortSpecification, PatientSelection, in_groups
from imaging.dicom.deidentify import DeidentifyOptions
from tasks.cohort import (
    check_cohort,
    choose_patients,
    decide_batch,
    extraction,
    prepare_after,
    publish_cohort,
    report_cohort,
    retrieve_patients,
)
from tasks.progress import settle
from tasks.release import release_cohort, releasing_cases
from tasks.threads import threads

CohortName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Percent = Annotated[float, Field(ge=0, le=100)]


@flow(flow_run_name="extract-{cohort}", task_runner=threads(4))
def extract_cohort(  # noqa: PLR0913 - each is a field of the form
    cohort: CohortName = "cohort",
    *,
    patients: PatientSelection = PatientSelection(),  # noqa: B008 - a frozen-in default is what the form shows
    specification: CohortSpecification = CohortSpecification(),  # noqa: B008 - as above
    specification_file: Path | None = None,
    archive: str = "default",
    deidentify: DeidentifyOptions | None = None,
    reviewed_series: tuple[str, ...] = (),
    max_failed_percent: Percent = 50,
) -> Path:
    """Link CT, RTSTRUCT, RTPLAN and RTDOSE of each patient, decide, and retrieve who qualifies.

    Writes `<data root>/cohorts/<cohort>/`: `manifest.parquet` and `.csv`, `report.html`,
    `cohort.xlsx`, a notes file a patient, and under `patients/<case id>/` the DICOM files as they
    were received, images, masks and dose as NIfTI, and a contact sheet. Candidates of patients with
    several treatments go to `quarantine/`; the flow resolve-quarantine takes your choice.

    A later run looks only at patients who changed in the archive, and fetches only what is missing.
    The manifest lists the patients of this run, and says who is in the cohort; files of treatments
    that are no case any more move to `left/`.

    Args:
        cohort: Name of the cohort, and of its folder: letters, digits, dot, dash, underscore.
        patients: Which patients to look at; by default all that the archive holds.
        specification: What a patient must have to proceed, and what is written.
        specification_file: The same as a YAML file, in place of the form; a relative path counts
            from the data root. A PDCP configuration (JSON) is translated, and the translation
            shown.
        archive: Where to look: `default` is the archive of the settings; otherwise the name of a
            block, `orthanc-server/<name>` or `dicom-folder/<name>`.
        deidentify: Also write a de-identified copy of the cases that proceed, from their files on
            disk, to `<data root>/released/<cohort>/`; these are its options. By default none is.
        reviewed_series: With `deidentify`: new SeriesInstanceUIDs of series that were held back for
            their pixels, and that a person has found clean.
        max_failed_percent: The run fails when more than this share of patients failed for technical
            reasons, or all of them; patients excluded by a rule do not count.
    """
    with (
        releasing_cases(cohort, deidentify, reviewed_series) as release,
        extraction(cohort, specification, specification_file) as run,
    ):
        batches = choose_patients(archive, patients, run)
        judging = decide_batch.map(batches, unmapped(archive), unmapped(run))
        qualified = settle(judging, f"judging-{cohort}", "Patients judged, in batches")
        groups = in_groups([notes for batch in qualified for notes in batch])
        retrieving = retrieve_patients.map(groups, unmapped(archive), unmapped(run))
        preparing = prepare_after(retrieving, groups, run)
        settle(retrieving, f"retrieving-{cohort}", "Patients retrieved, in groups")
        settle(preparing, f"preparing-{cohort}", "Patients written, in groups")
        summary = publish_cohort(batches, run)
        wants_dvhs = run.specification.outputs.dvh and summary.cases_with_dose
        dvhs = compute_dvh(cohort, return_state=True) if wants_dvhs else Completed()
        report_cohort(run, archive)
        release_cohort(batches, run, release, max_failed_percent)
        return check_cohort(summary, max_failed_percent, has_dvhs=dvhs.is_completed())
