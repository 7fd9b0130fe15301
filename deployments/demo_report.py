"""What the demo found beside what it had to find: the closed-form DVHs of the phantoms."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from deployments.demo_data import demo_patients
from imaging.cohort import CohortFolder, read_manifest
from imaging.phantoms import ClosedFormDVH, CohortPatient
from imaging.rt import DVH, Metric, ReportPatient, StoredCase, load_case, write_report

METRICS = ("D95%[Gy]", "D50%[Gy]", "Dmean[Gy]", "V20Gy[%]")
_TARGET, _ORGAN = "PTV", "Lung_R"
_SHOWN = [
    (_TARGET, "D95%[Gy]"),
    (_TARGET, "D50%[Gy]"),
    (_TARGET, "Dmean[Gy]"),
    (_ORGAN, "V20Gy[%]"),
]

_TRUTH: dict[str, Callable[[ClosedFormDVH], float]] = {
    "D95%[Gy]": lambda true: true.dose_at_volume(95),
    "D50%[Gy]": lambda true: true.dose_at_volume(50),
    "Dmean[Gy]": lambda true: true.mean_gy,
    "V20Gy[%]": lambda true: true.volume_at_dose(20),
}


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """One patient of the demo: the manifest's row, what was calculated, and what is true."""

    row: Mapping[Hashable, Any]
    stored: StoredCase | None
    phantom: CohortPatient


def results(folder: CohortFolder) -> list[Result]:
    """Read what the two flows left behind."""
    phantoms = demo_patients()
    return [
        Result(
            row,
            load_case(folder.root / "dvh" / "cases" / row["case_id"]),
            phantoms[row["patient_id"]],
        )
        for row in read_manifest(folder.manifest).to_dict("records")
    ]


def result_table(patients: Sequence[Result]) -> Table:
    """Lay out patient, decision, codes, and each metric beside its closed form."""
    table = Table(
        title="Calculated (closed form)", title_justify="left", box=SIMPLE_HEAD, pad_edge=False
    )
    for heading in ("patient", "decision", "codes"):
        table.add_column(heading, no_wrap=True)
    for roi, metric in _SHOWN:
        table.add_column(f"{roi}\n{metric}", justify="right", no_wrap=True)
    for patient in patients:
        row = patient.row
        deciding = [code for code in row["codes"].split(";") if "_SUCC_" not in code]
        cells = [_cell(patient, roi, metric) for roi, metric in _SHOWN]
        table.add_row(row["patient_id"], row["outcome"], "\n".join(deciding) or "ok", *cells)
    return table


def write_demo_report(target: Path, patients: Sequence[Result], why_no_orthanc: str) -> Path:
    """Write the HTML report: every patient, with the true curves dashed beside the calculated."""
    archive = f"a folder of DICOM files ({why_no_orthanc})" if why_no_orthanc else "Orthanc"
    return write_report(
        target,
        title="Cohort of synthetic patients",
        subtitle="dashed: the closed-form answer",
        patients=[_report_patient(patient) for patient in patients],
        metrics=METRICS,
        settings={"archive": archive, "method": "exact"},
    )


def _cell(patient: Result, roi: str, metric: str) -> str:
    if patient.stored is None or patient.row["outcome"] != "PROCEED":
        return ""
    dvh = next(dvh for dvh in patient.stored.case.dvhs if dvh.roi_name == roi)
    value = Metric.parse(metric).of(dvh).value
    true = _TRUTH[metric](patient.phantom.truth(roi))
    return f"{'-' if value is None else f'{value:.2f}'}\n({true:.2f})"


def _report_patient(patient: Result) -> ReportPatient:
    row, stored = patient.row, patient.stored
    proceeds = stored is not None and row["outcome"] == "PROCEED"
    dvhs = stored.case.dvhs if stored is not None and proceeds else ()
    truths = {dvh.roi_name: patient.phantom.truth(dvh.roi_name) for dvh in dvhs}
    return ReportPatient(
        case_id=f"{row['patient_id']} ({row['case_id']})",
        decision=row["outcome"],
        codes=tuple(row["codes"].split(";")),
        dvhs=dvhs,
        colours=stored.colours if stored is not None else {},
        summary_roi=_TARGET if dvhs else None,
        references={
            roi: {metric: of(true) for metric, of in _TRUTH.items()} for roi, true in truths.items()
        },
        overlays={dvh.roi_name: _true_curve(dvh, truths[dvh.roi_name]) for dvh in dvhs},
    )


def _true_curve(dvh: DVH, true: ClosedFormDVH) -> tuple[Any, Any]:
    """Sample the closed-form curve over the range of the calculated one."""
    dose_gy = np.linspace(0, float(dvh.dose_gy[-1]), 200)
    percent = np.array([true.volume_at_dose(dose) for dose in dose_gy])
    return dose_gy, percent
