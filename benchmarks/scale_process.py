"""Judges everyone a server has: `python -m benchmarks.scale_process URL FOLDER RUN`.

A program of its own, for its memory and its CPU time. Prints as JSON what it took.
"""

import json
import sys
import time
from pathlib import Path

from benchmarks.extraction import judge, run_in
from benchmarks.peak import peak_bytes, restart_peak
from benchmarks.servers import Address


def main() -> None:
    """Measure, and print."""
    url, folder, run_id = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    run = run_in(folder, run_id=run_id)
    before, start, cpu_s = restart_peak(), time.perf_counter(), time.process_time()
    judged = judge(Address(url), run)
    told = {
        "wall_s": time.perf_counter() - start,
        "cpu_s": time.process_time() - cpu_s,
        "grown_bytes": peak_bytes() - before,
        "to_retrieve": len(judged.notes),
        "task_runs": judged.task_runs,
    }
    run.cohort.keep_cursor()  # as publishing does
    print(json.dumps(told))


if __name__ == "__main__":
    main()
