"""What every route of the gateway works with."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from imaging.gateway.cache import ResultCache
from imaging.gateway.options import GatewayOptions
from imaging.gateway.places import not_found


@dataclass(frozen=True, slots=True)
class Serving:
    """One gateway that runs.

    Attributes:
        options: What it serves.
        cache: Where it keeps what it made.
    """

    options: GatewayOptions
    cache: ResultCache


def _serving(request: Request) -> Serving:
    if request.scope["path"].endswith("\n"):  # the router would take the path without it
        raise not_found()
    serving: Serving = request.app.state.serving
    return serving


Here = Annotated[Serving, Depends(_serving)]
