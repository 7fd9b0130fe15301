"""`python -m benchmarks NAME ...`: summaries, files, prefect and deidentify if none is named.

The others take minutes of their own and are only run by name: `dvh`, `labels` and `gateway`, which
need no Orthanc, and `end_to_end`, `latency` and `scale`, or all three as `cohort`. Nothing here
fails when a goal is missed: a benchmark is not a test.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.deidentify import deidentify
from benchmarks.dvh import dvh
from benchmarks.end_to_end import end_to_end
from benchmarks.files import files
from benchmarks.gateway import gateway_benchmark
from benchmarks.labels import labels
from benchmarks.latency import latency
from benchmarks.overhead import overhead
from benchmarks.scale import scale
from benchmarks.servers import describe_machine, fill, patients_of, running
from benchmarks.summaries import summaries
from deployments.orthanc_server import OrthancServer
from imaging.phantoms import PhantomSize

_CLINICAL = {"summaries": summaries, "files": files}
_COHORT = {"end_to_end": end_to_end, "latency": latency, "scale": scale}
_OWN = {"dvh": dvh, "labels": labels, "gateway": gateway_benchmark}
_OTHERS = {"prefect": overhead, "deidentify": deidentify, **_COHORT, **_OWN}
_DEFAULT = [*_CLINICAL, "prefect", "deidentify"]
_ALL = [*_CLINICAL, *_OTHERS, "cohort"]


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="|".join(_ALL), choices=[*_ALL, []])
    chosen = set(parser.parse_args().names or _DEFAULT)
    if "cohort" in chosen:
        chosen |= {*_COHORT}
    with TemporaryDirectory(prefix="benchmarks-") as place:
        wanted = [measure for name, measure in _CLINICAL.items() if name in chosen]
        if wanted:
            _on_clinical_patients(wanted, Path(place))
        for name, measure in _OTHERS.items():
            if name in chosen:
                measure(Path(place))


def _on_clinical_patients(
    wanted: Sequence[Callable[[OrthancServer, Path], None]], folder: Path
) -> None:
    with running(folder / "orthanc") as server:
        fill([server], patients_of(PhantomSize.clinical(), 10), folder)
        print(describe_machine(server))
        for measure in wanted:
            measure(server, folder)


if __name__ == "__main__":
    main()
