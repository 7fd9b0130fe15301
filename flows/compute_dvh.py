"""Calculate dose-volume histograms, of a cohort or of two files."""

from pathlib import Path

from prefect import flow, unmapped

from imaging.rt import DEFAULT_METRICS, DvhOptions, EngineName
from tasks.dvh import calculate_case, find_treatments, publish_dvhs
from tasks.progress import settle
from tasks.threads import threads


@flow(task_runner=threads(2))
def compute_dvh(  # noqa: PLR0913 - each is a field of the form
    manifest: str | None = None,
    *,
    rtstruct: Path | None = None,
    rtdose: Path | None = None,
    rtplan: Path | None = None,
    rois: tuple[str, ...] = (),
    metrics: tuple[str, ...] = DEFAULT_METRICS,
    engine: EngineName = "dicompyler",
    include_review: bool = False,
) -> Path:
    """Calculate the DVHs of a cohort's patients, or of one RTSTRUCT and RTDOSE.

    Writes tables of metrics and curves (Parquet and CSV), a picture a case, and one HTML report,
    into the folder `dvh` beside the manifest. A case whose files have not changed is not
    calculated again.

    Args:
        manifest: A cohort's name, or the path of its manifest (`.parquet` or `.csv`). Leave it
            empty to calculate single files.
        rtstruct: Path of an RTSTRUCT; paths that are not absolute count from the data root.
        rtdose: Path of the RTDOSE that belongs to it.
        rtplan: Path of the RTPLAN, for metrics relative to the prescription.
        rois: Names of ROIs, * and ? as wildcards; empty for all.
        metrics: TG-263 names, such as `D95%[Gy]`, `D0.03cc[Gy]`, `V20Gy[%]`, `Dmean[Gy]`.
        engine: What calculates.
        include_review: Calculate patients that are marked for review, too.
    """
    options = DvhOptions(rois, metrics, engine)
    files = (rtstruct, rtdose, rtplan)
    treatments = find_treatments(manifest, files, include_review=include_review)
    calculating = calculate_case.map(
        treatments.cases, unmapped(options), unmapped(treatments.folder)
    )
    results = settle(calculating, f"calculating-{treatments.title}", "Cases calculated")
    return publish_dvhs(results, options, treatments)
