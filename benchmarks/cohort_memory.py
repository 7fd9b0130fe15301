"""How much memory a cohort takes: `python -m benchmarks.cohort_memory few|every FOLDER`.

A program of its own, because memory that a process freed earlier would hide what is taken now.
Linux only, as is Orthanc's package.
"""

import sys
from pathlib import Path

from benchmarks.extraction import OUTPUTS, extract, run_in
from benchmarks.peak import peak_bytes, restart_peak
from benchmarks.servers import Address
from imaging.settings import settings


def main() -> None:
    """Extract the default archive, and print by how many bytes the process grew at its peak."""
    outputs, folder = OUTPUTS[sys.argv[1]], Path(sys.argv[2])
    place = settings()
    password = place.orthanc_password.get_secret_value()
    server = Address(str(place.orthanc_url), place.orthanc_user, password)
    before = restart_peak()
    extract(server, run_in(folder, outputs))
    print(peak_bytes() - before)


if __name__ == "__main__":
    main()
