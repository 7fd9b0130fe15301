"""Label maps in a fresh process: `python -m benchmarks.labels_memory FILTER|MEASURE FILE TARGET`.

Prints by how many MB the process grew at its peak over what its imports took. Linux only, as
`benchmarks.peak` is.
"""

import sys
from pathlib import Path

from benchmarks.peak import peak_bytes, restart_peak
from imaging.labels import filter_labels, measure_labels


def main() -> None:
    """Measure, and print."""
    what, source, target = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    before = restart_peak()
    if what == "FILTER":
        filter_labels(source, target, range(1, 11))
    else:
        measure_labels(source)
    print((peak_bytes() - before) / 1e6)


if __name__ == "__main__":
    main()
