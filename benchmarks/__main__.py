"""`python -m benchmarks [summaries] [files] [prefect] [dvh]`: the first three if none is named.

`dvh` takes minutes of its own and needs no server, so it is only run by name. Nothing here fails
when a goal is missed: a benchmark is not a test.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.dvh import dvh
from benchmarks.files import files
from benchmarks.overhead import overhead
from benchmarks.servers import describe_machine, fill, patients_of, running
from benchmarks.summaries import summaries
from deployments.orthanc_server import OrthancServer
from imaging.phantoms import PhantomSize

_CLINICAL = {"summaries": summaries, "files": files}
_DEFAULT = [*_CLINICAL, "prefect"]
_ALL = [*_DEFAULT, "dvh"]


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="|".join(_ALL), choices=[*_ALL, []])
    chosen = parser.parse_args().names or _DEFAULT
    with TemporaryDirectory(prefix="benchmarks-") as place:
        wanted = [measure for name, measure in _CLINICAL.items() if name in chosen]
        if wanted:
            _on_clinical_patients(wanted, Path(place))
        if "prefect" in chosen:
            overhead(Path(place))
        if "dvh" in chosen:
            dvh(Path(place))


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
