"""`GET /favicon.ico`: what a tab shows beside the title. Browsers ask for it on every page."""

from fastapi import APIRouter, Response

_ICON = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="7" fill="#14324a"/>
<g fill="none" stroke-width="2.5">
<ellipse cx="16" cy="16" rx="11" ry="9" stroke="#5bc0eb"/>
<ellipse cx="17" cy="16" rx="6.5" ry="5" stroke="#fde74c"/>
</g>
<circle cx="18" cy="16" r="1.8" fill="#e55934"/>
</svg>
"""
_HEADERS = {"Cache-Control": "public, max-age=86400"}

icon_router = APIRouter(include_in_schema=False)


@icon_router.get("/favicon.ico")
@icon_router.head("/favicon.ico")
def icon() -> Response:
    """Show isodoses; a drawing that scales, which browsers take under this name, too."""
    return Response(_ICON, media_type="image/svg+xml", headers=_HEADERS)
