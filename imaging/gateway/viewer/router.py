"""The viewer's routes: one page for everything that can be looked at, and its files."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Response

from imaging.gateway.options import GatewayOptions
from imaging.gateway.viewer.assets import viewer_assets

# NiiVue's letters and its shading are pictures in data addresses. Nothing here runs inline, asks
# another origin, or may be framed by one.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
_METHODS = ["GET", "HEAD"]
_FOR_EVER = "public, max-age=31536000, immutable"

Match = Annotated[str | None, Header(alias="If-None-Match")]


def viewer_router(options: GatewayOptions) -> APIRouter:  # noqa: ARG001 - as every router's
    """Return the routes ``/view`` and ``/viewer/...``, which hold no data and ask for no token.

    The page reads its parameters (``image``, ``labels``, ``dictionary``, ``link``) in the browser,
    and fetches from ``/files``, ``/labels`` and ``/filtered`` of the same gateway.

    Raises:
        InputError: NiiVue is not installed as the lock says.
    """
    assets = viewer_assets()
    router = APIRouter(include_in_schema=False)
    tag = f'"{assets.version}"'

    def view(if_none_match: Match = None) -> Response:
        headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"}
        return _answer(assets.page, "text/html; charset=utf-8", headers, tag, if_none_match)

    def asset(version: str, name: str, if_none_match: Match = None) -> Response:
        found = assets.by_name.get(name)
        if found is None or version != assets.version:
            raise HTTPException(404, "The viewer has no such file; load its page anew")
        headers = {"Cache-Control": _FOR_EVER}
        return _answer(found.content, found.media_type, headers, tag, if_none_match)

    routes: tuple[tuple[str, Callable[..., Response]], ...] = (
        ("/view", view),
        ("/viewer/{version}/{name}", asset),
    )
    for path, endpoint in routes:
        router.add_api_route(path, endpoint, methods=_METHODS)
    return router


def _answer(
    content: bytes, media_type: str, headers: dict[str, str], tag: str, known: str | None
) -> Response:
    """Answer with the content, or that what the browser knows is still good."""
    headers = {**headers, "ETag": tag}
    if known is not None and (known.strip() == "*" or tag in known):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)
