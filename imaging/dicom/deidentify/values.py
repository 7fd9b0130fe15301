"""Values that take the place of others: dummies of each VR, and dates that have moved."""

import re
from datetime import date, timedelta

DUMMY: dict[str, object] = {
    "AE": "REMOVED",
    "AS": "000Y",
    "CS": "REMOVED",
    "DA": "19000101",
    "DT": "19000101000000",
    "DS": "0",
    "FD": 0.0,
    "FL": 0.0,
    "IS": "0",
    "LO": "REMOVED",
    "LT": "REMOVED",
    "OB": b"\0\0",
    "OW": b"\0\0",
    "PN": "REMOVED",
    "SH": "REMOVED",
    "SL": 0,
    "SS": 0,
    "ST": "REMOVED",
    "TM": "000000",
    "UC": "REMOVED",
    "UL": 0,
    "UR": "urn:removed",
    "US": 0,
    "UT": "REMOVED",
}

# The second form is ACR-NEMA's, which old archives still hold (PS3.5, 6.2, DA).
_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})|(\d{4})\.(\d{2})\.(\d{2})", re.ASCII)
_TIME = re.compile(r"\d{2}(?::?[0-5]\d(?::?[0-6]\d(?:\.\d{1,6})?)?)?", re.ASCII)
_CLOCK = re.compile(r"(?:\d{2}(?:[0-5]\d(?:[0-6]\d(?:\.\d{1,6})?)?)?)?(?:[+-]\d{4})?", re.ASCII)
_AGE = re.compile(r"(\d{3})[DWMY]", re.ASCII)
_OLDEST = 90


def shifted_date(text: str, days: int) -> str | None:
    """Return a date (DA) moved by some days; None when it is none, or leaves the calendar."""
    match = _DATE.fullmatch(text.strip(" \0"))
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups() if part is not None)
    try:
        return (date(year, month, day) + timedelta(days)).isoformat().replace("-", "")
    except (ValueError, OverflowError):
        return None


def shifted_datetime(text: str, days: int, *, keep_time: bool) -> str | None:
    """Return a date and time (DT) moved by some days, with its time of day or without."""
    bare = text.strip(" \0")
    moved = shifted_date(bare[:8], days)
    if moved is None or not keep_time:
        return moved
    return moved + bare[8:] if _CLOCK.fullmatch(bare[8:]) else moved


def sound_time(text: str) -> str | None:
    """Return a time of day (TM) as it is; None when it is none."""
    bare = text.strip(" \0")
    return bare if _TIME.fullmatch(bare) else None


def capped_age(text: str) -> str | None:
    """Return an age (AS), from 90 years on 90: so few are older that an age would tell who."""
    match = _AGE.fullmatch(text.strip(" \0"))
    if match is None:
        return None
    is_old = match[0].endswith("Y") and int(match[1]) > _OLDEST
    return f"{_OLDEST:03}Y" if is_old else match[0]
