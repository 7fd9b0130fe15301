"""Release de-identified copies of patients: choose, de-identify, audit, send, report."""

from pathlib import Path

from prefect import flow, unmapped
from prefect.states import Completed

from flows.extract_cohort import CohortName, Percent
from imaging.cohort import PatientSelection
from imaging.dicom.deidentify import DeidentifyOptions
from tasks.progress import settle
from tasks.release import (
    audit_release,
    check_release,
    choose_release,
    release_patients,
    releasing,
    report_release,
    send_release,
    write_crosswalk,
)
from tasks.threads import threads


@flow(flow_run_name="deidentify-{release}", task_runner=threads(2))
def deidentify_dicom(  # noqa: PLR0913 - each is a field of the form
    release: CohortName = "release",
    *,
    patients: PatientSelection = PatientSelection(),  # noqa: B008 - a frozen-in default is what the form shows
    options: DeidentifyOptions = DeidentifyOptions(),  # noqa: B008 - as above
    archive: str = "default",
    destination: str = "",
    crosswalk: bool = False,
    reviewed_series: tuple[str, ...] = (),
    max_failed_percent: Percent = 50,
) -> Path:
    """Write de-identified copies of patients' objects, with every reference among them intact.

    Writes `<data root>/released/<release>/`, a folder a patient by pseudonym: that may leave. It is
    pseudonymous, not anonymous: faces and teeth stay in the images. Objects whose pixels may show a
    name are held back for a person to look at, in `<data root>/release-records/<release>/`.

    The same patient gets the same pseudonym, UIDs and shift of dates in every release of this
    project. A later run makes only what is missing; with other options it makes the chosen patients
    anew. It fails, and sends nothing, when its audit finds something that must not leave; else the
    whole release is sent where the destination lacks it, patients of earlier runs included.

    Args:
        release: Name of the release, and of its folder: letters, digits, dot, dash, underscore.
        patients: Whose objects; by default all that the archive holds.
        options: What is kept beyond the Basic Profile of DICOM PS3.15.
        archive: Where the originals are: `default` is the archive of the settings; otherwise the
            name of a block, `orthanc-server/<name>` or `dicom-folder/<name>`. It is only read.
        destination: Where a clean release is sent: `orthanc-server/<name>`; empty sends nothing.
        crosswalk: Also write who became whom, encrypted with the setting IMAGING_CROSSWALK_KEY.
        reviewed_series: New SeriesInstanceUIDs of series that were held back for their pixels, and
            that a person has found clean, as `held_back.csv` lists them; what arrives later is
            held back again.
        max_failed_percent: The run fails when more than this share of patients is not complete, or
            all of them.
    """
    with releasing(
        release,
        options,
        archive,
        reviewed=reviewed_series,
        destination=destination,
        crosswalk=crosswalk,
    ) as run:
        groups = choose_release(archive, patients, run)
        making = release_patients.map(groups, unmapped(archive), unmapped(run))
        settle(making, f"deidentifying-{release}", "Patients de-identified, in groups")
        summary = audit_release(groups, run, archive)
        sent = send_release(summary, destination, run)
        crossing = (
            write_crosswalk(archive, groups, run, return_state=True) if crosswalk else Completed()
        )
        crossed = crossing.is_completed()
        report_release(summary, sent.in_words, crosswalk=crosswalk, has_crosswalk=crossed)
        return check_release(
            summary, max_failed_percent, is_sent=sent.is_complete, has_crosswalk=crossed
        )
