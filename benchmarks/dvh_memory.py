"""The DVHs of two files in a fresh process: `python -m benchmarks.dvh_memory RTSTRUCT RTDOSE`.

Prints the seconds of CPU of a first and of a second call, and by how many MB the process grew at
its peak over what its imports took. Linux only, as `benchmarks.memory` is.
"""

import re
import sys
import time
from pathlib import Path

from imaging.rt import dvhs_of_files


def main() -> None:
    """Measure, and print."""
    rtstruct, rtdose = Path(sys.argv[1]), Path(sys.argv[2])
    Path("/proc/self/clear_refs").write_text("5")  # sets the high-water mark back
    before = _peak_bytes()
    seconds = []
    for _ in range(2):
        start = time.process_time()
        dvhs_of_files(rtstruct, rtdose, engine="exact")
        seconds.append(time.process_time() - start)
    print(*seconds, (_peak_bytes() - before) / 1e6)


def _peak_bytes() -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None  # noqa: S101 - for the type checker
    return 1024 * int(found[1])


if __name__ == "__main__":
    main()
