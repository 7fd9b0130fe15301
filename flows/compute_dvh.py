"""Calculate dose-volume histograms, of a cohort or of files."""

from pathlib import Path

from prefect import flow, unmapped

from imaging.rt import DEFAULT_METRICS, DoseChoice, MethodChoice
from tasks.dvh import calculate_case, calculation, publish_dvhs, read_options
from tasks.progress import settle
from tasks.threads import threads

_METHOD = MethodChoice()
_DOSE = DoseChoice()


@flow(task_runner=threads(2))
def compute_dvh(  # noqa: PLR0913 - each is a field of the form
    manifest: str | None = None,
    *,
    rtstruct: Path | None = None,
    rtdose: Path | None = None,
    rtplan: Path | None = None,
    rois: tuple[str, ...] = (),
    metrics: tuple[str, ...] = DEFAULT_METRICS,
    goals: str | None = None,
    aliases: dict[str, list[str]] | None = None,
    method: MethodChoice = _METHOD,
    dose: DoseChoice = _DOSE,
    alpha_beta: dict[str, float] | None = None,
    include_review: bool = False,
    write_dvhs: bool = False,
) -> Path:
    """Calculate the DVHs of a cohort's patients, or of one RTSTRUCT and RTDOSE.

    Writes tables of metrics and goals (Parquet, CSV, a workbook), the curves, their spread over the
    cohort, a plot and an interactive page a case, and one HTML report, into the folder `dvh` beside
    the manifest. A case whose files have not changed is not calculated again.

    Args:
        manifest: A cohort's name, or the path of its manifest (`.parquet` or `.csv`). Leave it
            empty to calculate single files.
        rtstruct: Path of an RTSTRUCT, or of the folder of an export that holds one; paths that are
            not absolute count from the data root.
        rtdose: Path of the RTDOSE that belongs to it, or of a folder of doses that make up one; it
            may be the same folder, other files in it do not matter.
        rtplan: Path of the RTPLAN, or of a folder of them: prescription, fractions, approval.
        rois: Names of ROIs, * and ? as wildcards; empty for all.
        metrics: TG-263 names, such as `D95%[Gy]`, `D0.03cc[Gy]`, `V20Gy[%]`, `gEUD(8)[Gy]`,
            `EQD2:Dmean[Gy]`, `HI`, `CI`, `GI`.
        goals: A published protocol (`quantec-thorax`, `quantec-pelvis`, `fast-forward`), or the
            path of a YAML or CSV file such as `Heart: Dmean[Gy] < 4 | < 5`.
        aliases: Names of ROIs by structure of the goals, such as `{"Lung_Ipsi": ["Lung_L"]}`.
        method: End caps and interpolations, by the name of a planning system.
        dose: Prescription, and what may be done to get one dose out of several.
        alpha_beta: alpha/beta in Gy by name of ROI (`{"SpinalCord": 2}`), for BED and EQD2.
        include_review: Calculate patients that are marked for review, too.
        write_dvhs: Write each case's DVHs into a copy of its RTDOSE, too.
    """
    options = read_options(
        rois=rois,
        metrics=metrics,
        goals=goals,
        aliases=aliases or {},
        method=method,
        dose=dose,
        alpha_beta=alpha_beta or {},
        write_dvhs=write_dvhs,
    )
    files = (rtstruct, rtdose, rtplan)
    with calculation(manifest, files, include_review=include_review) as treatments:
        calculating = calculate_case.map(
            treatments.cases, unmapped(options), unmapped(treatments.folder)
        )
        results = settle(calculating, f"calculating-{treatments.title}", "Cases calculated")
        return publish_dvhs(results, options, treatments)
