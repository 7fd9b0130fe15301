"""``python -m imaging.gateway token`` and ``link``: who may read, and for how long."""

import argparse
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from imaging.errors import InputError, SettingError
from imaging.gateway.access.links import DEFAULT_LIFETIME_S, sign_link
from imaging.gateway.access.tokens import (
    MOST_DAYS,
    TokenStore,
    add_token,
    read_tokens,
    revoke_token,
)
from imaging.gateway.options import GatewayOptions, options_of
from imaging.settings import Settings, settings

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - it has no other name

_EVERY_ADDRESS = {"0.0.0.0", "::"}  # noqa: S104 - told apart, not listened on


def add_commands(subparsers: "Subparsers") -> None:
    """Add ``token`` and ``link``; each sets ``run``, which takes the arguments."""
    token = subparsers.add_parser("token", help="make, list and revoke bearer tokens")
    verbs = token.add_subparsers(required=True, metavar="add|list|revoke")
    add = verbs.add_parser("add", help="make a token and show it, this once")
    add.add_argument("name", help="who will hold it; the access log says this name")
    add.add_argument(
        "--scope",
        action="append",
        choices=["read", "run"],
        help="read files (the default), run calculations; may be given twice",
    )
    add.add_argument("--days", type=int, default=30, help=f"until it expires; {MOST_DAYS} at most")
    add.set_defaults(run=_add)
    listing = verbs.add_parser("list", help="show names, scopes and when each expires")
    listing.set_defaults(run=_list)
    revoke = verbs.add_parser("revoke", help="refuse a token from now on; no restart is needed")
    revoke.add_argument("name")
    revoke.set_defaults(run=_revoke)
    link = subparsers.add_parser("link", help="make an address that reads files for a short time")
    link.add_argument("paths", nargs="+", metavar="PATH", help="a file, as below the data root")
    link.add_argument("--minutes", type=float, default=DEFAULT_LIFETIME_S / 60)
    link.add_argument(
        "--view", action="store_true", help="open an image, and a label map given second"
    )
    link.set_defaults(run=_link)
    for parser in (add, listing, revoke, link):
        parser.add_argument("--data-root", type=Path, help="folder served, if not the setting's")


def _add(arguments: argparse.Namespace) -> int:
    state = _options(arguments).state
    scopes = arguments.scope or ["read"]
    token = add_token(state, arguments.name, scopes, arguments.days, time.time())
    sys.stderr.write("Keep it now: only its hash is stored, and it is not shown again.\n")
    sys.stdout.write(f"{token}\n")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    now = time.time()
    for token in read_tokens(TokenStore(_options(arguments).state).path):
        until = datetime.fromtimestamp(token.expires, UTC).strftime("%Y-%m-%d %H:%M UTC")
        state = "until" if token.is_valid(now) else "expired"
        sys.stdout.write(f"{token.name}\t{','.join(token.scopes)}\t{state} {until}\n")
    return 0


def _revoke(arguments: argparse.Namespace) -> int:
    revoke_token(_options(arguments).state, arguments.name)
    return 0


def _link(arguments: argparse.Namespace) -> int:
    options = _options(arguments)
    if arguments.view and len(arguments.paths) > 2:
        msg = "the viewer opens one image and one label map"
        raise InputError(msg)
    signed = sign_link(options, arguments.paths, 60 * arguments.minutes)
    base = _base(settings(), options)
    if arguments.view:
        shown = dict(zip(("image", "labels"), arguments.paths, strict=False))
        sys.stdout.write(f"{base}/view?{urlencode({**shown, 'link': signed}, quote_via=quote)}\n")
        return 0
    for path in arguments.paths:
        sys.stdout.write(f"{base}/files/{quote(path)}?link={signed}\n")
    return 0


def _base(known: Settings, options: GatewayOptions) -> str:
    """Return where a link begins.

    Raises:
        SettingError: The gateway listens on every address, and nobody said by which it is reached.
    """
    if known.gateway_url:
        return known.gateway_url.rstrip("/")
    if options.host in _EVERY_ADDRESS:
        name = "IMAGING_GATEWAY_URL"
        msg = "a link needs the address by which others reach the gateway"
        raise SettingError(name, msg)
    host = f"[{options.host}]" if ":" in options.host else options.host
    return f"http://{host}:{options.port}"


def _options(arguments: argparse.Namespace) -> GatewayOptions:
    options = options_of(settings())
    if arguments.data_root is None:
        return options
    return replace(options, data_root=arguments.data_root.expanduser().absolute())
