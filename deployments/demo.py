"""`make demo`: the main job, end to end, on servers of its own and on synthetic patients."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from deployments.demo_data import fusion_case
from deployments.demo_report import METRICS, result_table, results, write_demo_report
from deployments.prefect_api import PrefectApi, RunFailedError, RunStatus
from deployments.processes import end_on_signals
from deployments.stack import Stack, StackError
from deployments.up import DEMO, demo_stack, only_one
from imaging.cohort import CohortFolder, read_manifest
from imaging.errors import ImagingError
from imaging.fusion.place import FusionFolder

COHORT = "demo"
CASE = "demo-case"
RULES = {
    "wanted_rois": ["PTV*"],
    "description_must_not_contain": ["head and neck"],
    "outputs": {"dvh": False},  # the next flow calculates them, with goals
}
_TIMEOUT_S = 600.0

console = Console()


def main() -> int:
    """Run the demo; 0 when every run completed."""
    began = time.monotonic()
    end_on_signals()
    try:
        with only_one(DEMO), _stack() as stack:
            report = _main_job(stack)
    except (StackError, RunFailedError, ImagingError) as error:
        console.print(f"[red]The demo failed:[/red] {error}", soft_wrap=True)
        return 1
    _say(f"Report: {report}")
    _say(f"Done in {time.monotonic() - began:.0f} s. `make up` shows the runs in Prefect's UI.")
    return 0


@contextmanager
def _stack() -> Iterator[Stack]:
    """Give the demo's servers, and stop them afterwards unless `make up` had started them."""
    _say("Starting Orthanc, Prefect's server and a worker ...")
    stack = demo_stack(keep=False)
    try:
        where = stack.archive.get("IMAGING_ORTHANC_URL") or stack.archive["IMAGING_DICOM_FOLDER"]
        _say(f"Archive {where}, Prefect UI {stack.ui}")
        yield stack
    finally:
        if not stack.keep:
            _say(f"Stopped: {', '.join(stack.stop())}")


def _main_job(stack: Stack) -> Path:
    """Extract, calculate, show."""
    folder = CohortFolder.named(COHORT, stack.data_root)
    api = PrefectApi(stack.prefect_api)
    try:
        _run(api, "extract-cohort", {"cohort": COHORT, "specification": RULES})
        _tell_what_was_fetched(folder)
        asked = {"manifest": COHORT, "metrics": list(METRICS), "goals": "quantec-thorax"}
        _run(api, "compute-dvh", asked)
        kept = {"source": COHORT, "keep": ["PTV*", "Lung*", "Heart"], "missing": "ignore"}
        _run(api, "filter-labels", kept)
        _fuse(api, stack)
    finally:
        api.close()
    patients = results(folder)
    console.print(result_table(patients))
    return write_demo_report(stack.folder / "report.html", patients, stack.why_no_orthanc)


def _fuse(api: PrefectApi, stack: Stack) -> None:
    """Have a case fused, and wait for what the callback starts."""
    _say("Fusion: a simulator stands in for the vendor, so nothing is paid and no image is real")
    case = fusion_case(stack)
    files = {"upper_scan": case.upper, "lower_scan": case.lower, "cbct": case.cbct}
    _run(api, "fuse-cbct", {"case": CASE, **{name: str(path) for name, path in files.items()}})
    folder = FusionFolder.named(CASE, stack.data_root)
    deadline = time.monotonic() + _TIMEOUT_S
    while not folder.about.exists():
        if time.monotonic() > deadline:
            msg = "collect-fusion left nothing; Prefect's UI shows why"
            raise RunFailedError(msg)
        time.sleep(0.5)
    _say(f"Fused teeth in 3-D: {folder.viewer}")


def _tell_what_was_fetched(folder: CohortFolder) -> None:
    table = read_manifest(folder.manifest)
    fetched, kept = int(table["fetched"].sum()), int(table["unchanged"].sum())
    if fetched:
        _say(f"{fetched} files fetched, {kept} unchanged since the last run")
    else:
        _say(f"Nothing fetched: all {kept} files are unchanged since the last run")


def _run(api: PrefectApi, deployment: str, parameters: dict[str, Any]) -> None:
    """Start a deployment through the REST API, and show its progress until it is done."""
    columns = (TextColumn("{task.description:50}"), BarColumn(30), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        api.follow(api.run(deployment, parameters), _TIMEOUT_S, _shower(bars, deployment))


def _shower(bars: Progress, deployment: str) -> Callable[[RunStatus], None]:
    """Make a function that draws a status: a bar for the run, and one for each of its own."""
    lines: dict[str, TaskID] = {}

    def draw(key: str, text: str, percent: float) -> None:
        if key not in lines:
            lines[key] = bars.add_task(text, total=100)
        bars.update(lines[key], description=text, completed=percent)

    def show(status: RunStatus) -> None:
        draw(deployment, f"{deployment}: {status.state}", 100 if status.is_final else 0)
        for description, percent in status.progress:
            draw(description.split(":")[0], f"  {description}", percent)

    return show


def _say(line: str) -> None:
    console.print(line, soft_wrap=True, highlight=False)


if __name__ == "__main__":
    sys.exit(main())
