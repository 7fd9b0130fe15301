"""The DVHs of two files in a fresh process: `python -m benchmarks.dvh_memory RTSTRUCT RTDOSE`.

Prints the seconds of CPU of a first and of a second call, and by how many MB the process grew at
its peak over what its imports took. Linux only, as `benchmarks.peak` is.
"""

import sys
import time
from pathlib import Path

from benchmarks.peak import peak_bytes, restart_peak
from imaging.rt import dvhs_of_files


def main() -> None:
    """Measure, and print."""
    rtstruct, rtdose = Path(sys.argv[1]), Path(sys.argv[2])
    before = restart_peak()
    seconds = []
    for _ in range(2):
        start = time.process_time()
        dvhs_of_files(rtstruct, rtdose, engine="exact")
        seconds.append(time.process_time() - start)
    print(*seconds, (peak_bytes() - before) / 1e6)


if __name__ == "__main__":
    main()
