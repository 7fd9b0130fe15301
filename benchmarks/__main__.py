"""`python -m benchmarks NAME ...`: summaries, files, prefect and deidentify if none is named.

The others take minutes of their own and are only run by name: `dvh`, `labels` and `gateway`, which
need no Orthanc; `end_to_end`, `latency` and `scale`, or all three as `cohort`; `assembling`,
`packing`, `upload`, `callback` and `fusions`, or all five as `fusion`; and `kills`. Nothing here
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
from benchmarks.fusion_assembling import fusion_assembling
from benchmarks.fusion_callback import fusion_callback
from benchmarks.fusion_flows import fusion_flows
from benchmarks.fusion_kills import fusion_kills
from benchmarks.fusion_packing import fusion_packing
from benchmarks.fusion_upload import fusion_upload
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
_FUSION = {
    "assembling": fusion_assembling,
    "packing": fusion_packing,
    "upload": fusion_upload,
    "callback": fusion_callback,
    "fusions": fusion_flows,
}
_OWN = {"dvh": dvh, "labels": labels, "gateway": gateway_benchmark, "kills": fusion_kills}
_OTHERS = {"prefect": overhead, "deidentify": deidentify, **_COHORT, **_OWN, **_FUSION}
_TOGETHER = {"cohort": _COHORT, "fusion": _FUSION}
_DEFAULT = [*_CLINICAL, "prefect", "deidentify"]
_ALL = [*_CLINICAL, *_OTHERS, *_TOGETHER]


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="|".join(_ALL), choices=[*_ALL, []])
    chosen = set(parser.parse_args().names or _DEFAULT)
    for name, parts in _TOGETHER.items():
        if name in chosen:
            chosen |= {*parts}
    with TemporaryDirectory(prefix="benchmarks-") as place:
        wanted = [measure for name, measure in _CLINICAL.items() if name in chosen]
        if wanted:
            _on_clinical_patients(wanted, Path(place))
        for name, measure in _OTHERS.items():
            if name in chosen:
                own = Path(place, name)
                own.mkdir()
                measure(own)


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
