"""A lab of its own for benchmarks: real servers, a simulated vendor, cases of their own content."""

import csv
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import httpx
import psutil
import trimesh

from deployments.demo_data import fusion_case
from deployments.prefect_api import PrefectApi, RunStatus
from deployments.stack import Stack
from deployments.starting import start_stack
from deployments.vendor import SIMULATED_S
from imaging.fusion.job import Job
from imaging.fusion.ledger import Ledger
from imaging.fusion.place import STATE
from imaging.phantoms.dental import SmallCase

_ALLOWED = {"IMAGING_FUSION_RUNS_PER_DAY": "10000", "IMAGING_FUSION_RUNS_PER_MONTH": "10000"}
_PATIENCE_S = 600.0
_UNFINISHED = ["RUNNING", "PENDING", "PAUSED", "CANCELLING"]


@dataclass
class Lab:
    """Who hands in cases and sees what becomes of them.

    Attributes:
        stack: The servers.
        api: Prefect's.
        vendor: A client of the simulator.
        book: The ledger.
        files: A small synthetic case.
    """

    stack: Stack
    api: PrefectApi
    vendor: httpx.Client
    book: Ledger
    files: SmallCase

    @property
    def paid(self) -> int:
        """How many runs the simulator was paid for."""
        return int(self.state()["paid"])

    def state(self) -> dict[str, Any]:
        """Return what the simulator knows."""
        found: dict[str, Any] = self.vendor.get("/_simulator").raise_for_status().json()
        return found

    def paid_for(self, case: str) -> list[dict[str, Any]]:
        """Return the runs at the simulator that are of a case."""
        return [run for run in self.state()["runs"] if run["metadata"]["case"] == case]

    def plan(self, faults: dict[str, list[Any]]) -> None:
        """Plan what goes wrong at the vendor."""
        self.vendor.post("/_simulator", json={"plan": faults}).raise_for_status()

    def fuse(self, case: str) -> str:
        """Begin a case of its own content, and return the run's id."""
        files = {"upper_scan": self.files.upper, "lower_scan": self.files.lower}
        asked = {name: str(path) for name, path in {**files, "cbct": self.files.cbct}.items()}
        # Part of the content, and nothing to the simulator: each case is a job of its own.
        own = {"further_inputs": {"case": case}}
        return self.api.run("fuse-cbct", {"case": case, **asked, "specification": own})

    def write_worklist(self, cases: Iterable[str]) -> Path:
        """Write a CSV file of cases, each with an upper scan of its own."""
        path = self.stack.folder / "cases.csv"
        scan: Any = trimesh.load_mesh(self.files.upper)
        with path.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["case", "upper_scan", "lower_scan", "cbct"])
            for case in cases:
                upper = self.stack.folder / "scans" / f"{case}.stl"
                upper.parent.mkdir(exist_ok=True)
                scan.copy().apply_scale(1 + crc32(case.encode()) / 2**32 / 20).export(upper)
                rows.writerow([case, upper, self.files.lower, self.files.cbct])
        return path

    def ended(self, run: str, patience_s: float = _PATIENCE_S) -> RunStatus:
        """Wait for a run."""
        self.wait_for(lambda: self.api.status(run).is_final, patience_s)
        return self.api.status(run)

    def wait_for(self, is_so: Callable[[], object], patience_s: float = _PATIENCE_S) -> None:
        """Wait until something is so.

        Raises:
            TimeoutError: It was not, in all that time.
        """
        deadline = time.monotonic() + patience_s
        while not is_so():
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(0.2)

    def job(self, case: str) -> Job:
        """Return the job of a case."""
        (job,) = self.book.find(case)
        return job

    def collections(self, case: str) -> list[dict[str, Any]]:
        """Return the runs that collect a case, as Prefect tells them."""
        flow = {"name": {"any_": ["collect-fusion"]}}
        body = {"flows": flow, "limit": 200, "sort": "START_TIME_DESC"}
        found = self.api.call("POST", "/flow_runs/filter", body)
        return [row for row in found if f"-{case}-" in row["name"]]

    def end_of_collection(self, case: str) -> float:
        """Wait for the run that collects a case, and return when it ended, since 1970."""

        def ends() -> list[str]:
            return [row["end_time"] for row in self.collections(case) if row["end_time"]]

        self.wait_for(ends)
        return max(datetime.fromisoformat(end).timestamp() for end in ends())

    def unfinished_runs(self) -> int:
        """Return how many runs are under way, or suspended."""
        body = {"flow_runs": {"state": {"type": {"any_": _UNFINISHED}}}}
        return int(self.api.call("POST", "/flow_runs/count", body))

    def engines(self, runs: Iterable[str] | None = None) -> list[psutil.Process]:
        """Return the processes of flow runs: of these, or of all."""
        worker = next(each for each in self.stack.servers if each.name == "prefect-worker")
        found = []
        for process in psutil.Process(worker.pid).children(recursive=True):
            try:
                run = process.environ().get("PREFECT__FLOW_RUN_ID", "")
            except psutil.Error:  # it ended just now
                continue
            if run and (runs is None or run in runs):
                found.append(process)
        return found


@contextmanager
def lab(folder: Path, vendor_s: float = SIMULATED_S) -> Iterator[Lab]:
    """Start the servers for the block."""
    stack = start_stack(Stack(folder, environment=dict(_ALLOWED)), print, vendor_s=vendor_s)
    api = PrefectApi(stack.prefect_api)
    book = Ledger(stack.data_root / STATE / "ledger.sqlite")
    try:
        with httpx.Client(base_url=stack.vendor, timeout=60) as vendor, closing(book):
            yield Lab(stack, api, vendor, book, fusion_case(stack))
    finally:
        api.close()
        stack.stop()
