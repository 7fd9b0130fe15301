"""How a gateway behaves: decided when it starts, and passed to all its parts."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from imaging.settings import Settings

_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """What a gateway serves, to whom, and how much of it.

    Attributes:
        data_root: The only folder that files are served from.
        host: The address it listens on; any but loopback asks for tokens.
        port: Likewise.
        origins: Web pages of these origins (``https://viewer.example``) may read answers.
        listing: Folders are shown as pages.
        cache_bytes: Most that filtered label maps take on disk before the oldest go.
        most_upload_bytes: A larger body is refused.
        most_seconds: A request that takes longer is given up.
        threads: How many label maps are filtered, and cases calculated, at a time.
        project_key: Secret behind the addresses of callbacks; empty for the data root's own.
        ledger_url: Database of paid jobs; empty for SQLite in the data root.
    """

    data_root: Path
    host: str = "127.0.0.1"
    port: int = 8888
    origins: tuple[str, ...] = ()
    listing: bool = True
    cache_bytes: int = 4096 * _MB
    most_upload_bytes: int = 512 * _MB
    most_seconds: float = 300.0
    threads: int = 2
    project_key: str = field(default="", repr=False)
    ledger_url: str = field(default="", repr=False)

    @property
    def state(self) -> Path:
        """Folder of tokens, keys and cached results; as a dot folder it is never served."""
        return self.data_root / ".gateway"

    def applied_to(self, settings: Settings) -> Settings:
        """Return the settings with the place, the secret and the ledger that were given."""
        given = {
            "data_root": self.data_root,
            "project_key": SecretStr(self.project_key),
            "fusion_ledger_url": SecretStr(self.ledger_url),
        }
        return settings.model_copy(update=given)

    @property
    def is_local(self) -> bool:
        """Say whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:  # a name may mean any address
            return False


def options_of(settings: Settings) -> GatewayOptions:
    """Return what the settings say of the gateway."""
    return GatewayOptions(
        data_root=settings.data_root,
        host=settings.gateway_host,
        port=settings.gateway_port,
        origins=tuple(filter(None, (part.strip() for part in settings.gateway_origins.split(",")))),
        listing=settings.gateway_listing,
        cache_bytes=settings.gateway_cache_mb * _MB,
        most_upload_bytes=settings.gateway_upload_mb * _MB,
        most_seconds=settings.gateway_seconds,
        threads=settings.gateway_threads,
        project_key=settings.project_key.get_secret_value(),
        ledger_url=settings.fusion_ledger_url.get_secret_value(),
    )
