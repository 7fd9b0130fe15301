"""A CBCT of 2 GB checked, packed and uploaded: memory.

`python -m benchmarks.fusion_upload SOURCE TARGET` does it in a fresh process, with an account of
the vendor's as JSON on its standard input, and prints by how many MB that grew at its peak over
what its imports took. Linux only, as `benchmarks.peak` is.
"""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.fusion_packing import RULES, repeat, write_series
from benchmarks.peak import peak_bytes, restart_peak
from benchmarks.report import at_most, show_figure, show_title
from imaging.fusion.checking import check_cbct, pack_cbct
from imaging.fusion.connection import VendorConnection
from imaging.fusion.vendor import FusionClient
from imaging.phantoms.vendor import SimulatorOptions, VendorSimulator

_SLICES, _SIDE, _TIMES = 100, 512, 40
_GOAL = at_most(64)


def fusion_upload(folder: Path) -> None:
    """Measure, and print."""
    series = repeat(write_series(folder / "few", _SLICES, _SIDE), folder / "many", _TIMES)
    target = folder / "cbct.zip"
    with VendorSimulator(SimulatorOptions(state=folder / "vendor")) as vendor:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.fusion_upload", str(series), str(target)],
            input=json.dumps(vendor.connection_fields()).encode(),
            check=True,
            stdout=subprocess.PIPE,
        )
        (arrived,) = vendor.uploads
        is_whole = arrived.stat().st_size == target.stat().st_size
    size = sum(path.stat().st_size for path in series.iterdir()) / 1e9
    grown = float(done.stdout)
    show_title(f"{size:.1f} GB of slices packed and uploaded, in one fresh process")
    show_figure("memory over the imports, MB", f"{grown:.1f}", _GOAL.verdict(grown))
    show_figure("the zip that arrived, GB", f"{target.stat().st_size / 1e9:.2f}", str(is_whole))


def main() -> None:
    """Pack and upload one, and print what memory it took."""
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    connection = VendorConnection(name="default", **json.load(sys.stdin))
    before = restart_peak()
    pack_cbct(check_cbct(source, rules=RULES), target)
    with FusionClient(connection) as client:
        client.upload(target)
    print((peak_bytes() - before) / 1e6)


if __name__ == "__main__":
    main()
