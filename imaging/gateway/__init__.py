"""The one HTTP port that others may call: files, filtered label maps, DVHs; it knows no Prefect."""

from imaging.gateway.options import GatewayOptions, options_of

__all__ = ["GatewayOptions", "options_of"]
