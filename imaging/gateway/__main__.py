"""`python -m imaging.gateway`: serve the data root; `token` and `link` decide who may read it."""

import argparse
import gc
import logging
import sys
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from functools import partial
from pathlib import Path

import uvicorn

from imaging.errors import InputError, SettingError
from imaging.gateway.access import bounded_protocol, check_exposure
from imaging.gateway.access.command import add_commands
from imaging.gateway.app import make_app
from imaging.gateway.options import GatewayOptions, options_of
from imaging.gateway.waking import Wake
from imaging.settings import settings

WakeOf = Callable[[GatewayOptions], Wake]

_MOST_CONNECTIONS = 512
_GRACE_S = 10  # downloads that take longer are cut off when the gateway ends
_WAITING = 256
_TURN_S = 0.001  # a fifth of Python's own: while label maps are filtered, others answer sooner


def main(arguments: list[str] | None = None, wake_of: WakeOf | None = None) -> int:
    """Do what the command line says; return the exit status.

    Args:
        arguments: Of the command; those it was called with when left out.
        wake_of: Makes, for a gateway, what is called with the key of each fusion that rang.
    """
    parser = _parser(wake_of)
    given = parser.parse_args(_with_verb(sys.argv[1:] if arguments is None else arguments))
    try:
        status: int = given.run(given)
    except InputError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command a person types
        return 2
    return status


def serve(given: argparse.Namespace, wake_of: WakeOf | None = None) -> int:
    """Serve until told to end.

    Raises:
        InputError: The gateway may not listen there, or cannot write below its data root.
    """
    options = _options(given)
    check_exposure(options, settings().gateway_url)
    try:
        config = config_of(options, wake_of(options) if wake_of else None)
    except OSError as error:
        name, msg = "IMAGING_DATA_ROOT", "it is no folder, or one that cannot be written to"
        raise SettingError(name, msg) from error
    _log_without_names()
    sys.setswitchinterval(_TURN_S)
    gc.collect()
    gc.freeze()  # what was imported stays; to look through it holds up an answer for 0.1 s
    uvicorn.Server(config).run()
    return 0


def config_of(options: GatewayOptions, wake: Wake | None = None) -> uvicorn.Config:
    """Return how uvicorn serves a gateway: bounded, and with no log of its own about requests."""
    return uvicorn.Config(
        make_app(options, wake),
        host=options.host,
        port=options.port,
        http=bounded_protocol(options.most_seconds),
        ws="none",
        access_log=False,  # it would hold paths, and these names
        log_config=None,
        server_header=False,
        proxy_headers=False,  # who the client is, is nothing that a client may say
        backlog=_WAITING,
        limit_concurrency=_MOST_CONNECTIONS,
        h11_max_incomplete_event_size=64 << 10,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=_GRACE_S,
    )


def _parser(wake_of: WakeOf | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m imaging.gateway", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    verb = commands.add_parser("serve", help="serve the data root (if nothing else is said)")
    verb.add_argument("--host", help="address to listen on; any but loopback asks for tokens")
    verb.add_argument("--port", type=_port, help="port to listen on; 0 for any that is free")
    verb.add_argument("--data-root", type=Path, help="the only folder that is served from")
    verb.add_argument("--no-listing", action="store_true", help="do not show folders")
    verb.set_defaults(run=partial(serve, wake_of=wake_of))
    add_commands(commands)
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        msg = "a port is a number from 0 to 65535"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _with_verb(arguments: list[str]) -> list[str]:
    """Put in ``serve`` where the command line begins with an option of it."""
    is_help = arguments[:1] in (["-h"], ["--help"])
    is_option = not arguments or arguments[0].startswith("-")
    return ["serve", *arguments] if is_option and not is_help else arguments


def _options(given: argparse.Namespace) -> GatewayOptions:
    options = options_of(settings())
    changes = {
        "host": given.host,
        "port": given.port,
        "data_root": given.data_root,
        "listing": False if given.no_listing else None,
    }
    return replace(options, **{name: value for name, value in changes.items() if value is not None})


def _log_without_names() -> None:
    """Log to the error stream; of an error only its kind, as its message may hold a path.

    Libraries warn with the values that they stumble over, pydicom with each of them.
    """
    logging.captureWarnings(capture=True)
    handler = logging.StreamHandler()
    handler.addFilter(lambda record: _is_ours(record) or record.levelno >= logging.ERROR)
    handler.setFormatter(_KindsOnly("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in {"imaging", "uvicorn"}


class _KindsOnly(logging.Formatter):
    """Writes the kind of an error in place of its traceback, and nothing that a library says."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a line."""
        if not _is_ours(record):
            record = copy(record)
            record.msg, record.args = "said something, which is left out", None
        return super().format(record)

    def formatException(self, ei: object) -> str:  # noqa: N802 - logging's name
        """Return the name of the error's class."""
        kind = ei[0] if isinstance(ei, tuple) else None
        return getattr(kind, "__name__", "an error")


if __name__ == "__main__":
    sys.exit(main())
