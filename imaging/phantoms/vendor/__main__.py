"""Simulate the vendor of fusions: ``python -m imaging.phantoms.vendor``; nothing is paid.

One line of JSON tells where it listens, and the account that it takes. It ends on SIGTERM.
"""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from imaging.errors import InputError
from imaging.phantoms.vendor.options import SimulatorOptions
from imaging.phantoms.vendor.serving import NOTE, VendorSimulator


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to end; return the exit status."""
    given = _parser().parse_args(arguments)
    end = threading.Event()
    try:
        with VendorSimulator(_options(given)) as simulator:
            for planned in given.plan:
                endpoint, _, faults = planned.partition("=")
                simulator.plan(endpoint, *(fault or None for fault in faults.split(",")))
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: end.set())
            about = {"simulator": NOTE, **simulator.connection_fields()}
            print(json.dumps(about), flush=True)  # noqa: T201 - a command a person types
            end.wait()
    except (InputError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    about, _, further = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m imaging.phantoms.vendor", description=about, epilog=further
    )
    parser.add_argument("--port", type=int, default=0, help="of the API; 0 is any that is free")
    parser.add_argument("--files-port", type=int, default=0, help="of the file server")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long a run takes")
    parser.add_argument("--state", type=Path, help="folder that keeps uploads and runs")
    parser.add_argument("--token", help="of the account; drawn anew by default")
    parser.add_argument("--user-id", default="synthetic-lab", help="of the account")
    parser.add_argument("--faces", type=int, default=1280, help="about how many a tooth has")
    parser.add_argument("--nested", action="store_true", help="results come under `result`")
    parser.add_argument("--single-jaws", action="store_true", help="jaws are no lists")
    parser.add_argument(
        "--plan",
        action="append",
        default=[],
        metavar="ENDPOINT=FAULT,FAULT",
        help="what goes wrong at the next calls, as run=lost,,502; nothing between commas is right",
    )
    return parser


def _options(given: argparse.Namespace) -> SimulatorOptions:
    account = {"token": given.token} if given.token else {}
    return SimulatorOptions(
        seconds=given.seconds,
        nested=given.nested,
        jaws_as_list=not given.single_jaws,
        faces_per_tooth=given.faces,
        user_id=given.user_id,
        port=given.port,
        files_port=given.files_port,
        state=given.state,
        **account,
    )


if __name__ == "__main__":
    sys.exit(main())
