"""How to reach the vendor: addresses, and a token that costs money and is never printed."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from imaging.errors import SettingError
from imaging.settings import Settings, callback_key

DEFAULT = "default"
_ADDRESSES = ("url", "files_url", "callback_url")
ACCOUNT = (
    *_ADDRESSES,
    "user_group",
    "user_id",
    "token",
    "runs_per_day",
    "runs_per_month",
    "deadline_s",
)


@dataclass(frozen=True, slots=True)
class VendorConnection:
    """An account at the vendor, and what it may spend.

    Attributes:
        name: `default`, or the Prefect block's (`fusion-vendor/lab`); jobs remember it.
        url: Address of the API, without a slash at its end.
        files_url: Address of the file server, likewise.
        user_group: As the vendor issued it.
        user_id: Likewise.
        token: Sent as `X-ZH-TOKEN` to these two origins and to nobody else.
        callback_url: Where the vendor reaches the gateway; empty when it cannot.
        callback_key: Secret that the addresses of callbacks are made with.
        runs_per_day: Most runs paid for in any 24 hours.
        runs_per_month: Most runs paid for in any 30 days.
        deadline_s: A job that takes longer is overdue.
        timeout_s: Longest silence of a server before giving up.
        most_gb: The meshes of one run may have together.
    """

    name: str
    url: str
    files_url: str
    user_group: str
    user_id: str
    token: str = field(repr=False)
    callback_url: str = ""
    callback_key: bytes = field(default=b"", repr=False)
    runs_per_day: int = 20
    runs_per_month: int = 200
    deadline_s: float = 7200.0
    timeout_s: float = 60.0
    most_gb: float = 16.0

    @classmethod
    def of(cls, name: str, account: Mapping[str, Any], settings: Settings) -> "VendorConnection":
        """Return the connection to an account, as the settings or a form describe it.

        Args:
            name: What jobs remember it by.
            account: The fields of `ACCOUNT`; addresses may end with a slash, the token is hidden.
            settings: Of the project.

        Raises:
            SettingError: The account cannot work; it names the field.
        """
        addresses = {field: str(account[field]).rstrip("/") for field in _ADDRESSES}
        return cls(
            name=name,
            **{**account, **addresses, "token": account["token"].get_secret_value()},
            callback_key=callback_key(settings),
            timeout_s=settings.timeout_s,
            most_gb=settings.fusion_most_gb,
        )

    def __post_init__(self) -> None:
        """Refuse an account that cannot work, or whose token would travel in the open.

        Raises:
            SettingError: It names the field.
        """
        for name in _ADDRESSES:
            _check_address(name, getattr(self, name), is_needed=name != "callback_url")
        for name in ("user_group", "user_id", "token"):
            if not getattr(self, name):
                setting = f"{name} of the vendor {self.name}"
                raise SettingError(setting, _MISSING)


_MISSING = "the vendor's account is incomplete"


def default_connection(settings: Settings) -> VendorConnection | None:
    """Return the account that the settings describe; None where they describe none.

    Raises:
        SettingError: They describe one in part.
    """
    if settings.fusion_url is None:
        return None
    if settings.fusion_files_url is None:
        name = "IMAGING_FUSION_FILES_URL"
        raise SettingError(name, _MISSING)
    account = {field: getattr(settings, f"fusion_{field}") for field in ACCOUNT}
    return VendorConnection.of(DEFAULT, account, settings)


def _check_address(name: str, address: str, *, is_needed: bool) -> None:
    if not address and not is_needed:
        return
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        msg = "it is no address of a server (https://host/path)"
        raise SettingError(name, msg)
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        msg = "the token would travel unencrypted; https is needed"
        raise SettingError(name, msg)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
