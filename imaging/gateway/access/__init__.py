"""Who may call the gateway: tokens, signed links, origins, limits; and a log without persons."""

from imaging.gateway.access.connections import bounded_protocol
from imaging.gateway.access.guarding import check_exposure, guard
from imaging.gateway.access.links import sign_link

__all__ = ["bounded_protocol", "check_exposure", "guard", "sign_link"]
