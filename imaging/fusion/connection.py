"""How to reach the vendor: addresses, and a token that costs money and is never printed."""

from dataclasses import dataclass, field


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
