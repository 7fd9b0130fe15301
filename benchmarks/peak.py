"""The most memory that this process has taken, by the kernel's high-water mark.

Linux only: there the mark can be set back. (That of `getrusage` cannot, and begins at the size of
the process that started this one.)
"""

import re
from pathlib import Path

_SELF = Path("/proc/self")


def restart_peak() -> int:
    """Set the mark back, and return how many bytes the process takes now."""
    (_SELF / "clear_refs").write_text("5")
    return peak_bytes()


def peak_bytes() -> int:
    """Read the mark."""
    found = re.search(r"VmHWM:\s+(\d+) kB", (_SELF / "status").read_text())
    assert found is not None  # noqa: S101 - for the type checker
    return 1024 * int(found[1])
