"""What a simulated vendor is like: its account, its pace, and its habits that drifted."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from imaging.phantoms.teeth import WITHOUT_TWO_WISDOM_TEETH


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorOptions:
    """How a simulated vendor behaves when nothing else is planned.

    Attributes:
        seconds: How long a run takes; `math.inf` waits for `VendorSimulator.finish`.
        nested: Results come under `result`, as of module workflows, rather than flat.
        jaws_as_list: Jaws come as lists of meshes; else as one mesh each, as they once did.
        faces_per_tooth: About how many faces a tooth has.
        teeth: FDI numbers of the teeth that come back.
        url_seconds: How long a signed URL is good for.
        retry_after_s: What a 429 or 503 asks for.
        most_request_bytes: A larger body of a call is answered with 413.
        most_upload_bytes: Of one file.
        user_group: Of the account.
        user_id: Of the account.
        token: Of the account; drawn anew by default.
        port: Of the API; 0 is any that is free.
        files_port: Of the file server, likewise.
        state: Folder that keeps uploads and runs for another life; a temporary one by default.
    """

    seconds: float = 0.0
    nested: bool = False
    jaws_as_list: bool = True
    faces_per_tooth: int = 1280
    teeth: tuple[str, ...] = WITHOUT_TWO_WISDOM_TEETH
    url_seconds: float = 600.0
    retry_after_s: int = 1
    most_request_bytes: int = 64 << 20
    most_upload_bytes: int = 8 << 30
    user_group: str = "APIClient"
    user_id: str = "synthetic-lab"
    token: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    port: int = 0
    files_port: int = 0
    state: Path | None = None
