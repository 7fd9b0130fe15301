"""Debian's packages, installed where this user may, and without starting a service of theirs."""

import os
import shutil
import subprocess
from collections.abc import Callable

_TIMEOUT_S = 900

# A package may start a service, which nobody asked for. policy-rc.d is Debian's own way to forbid
# that during an installation; disabling keeps it off after the next boot.
_SCRIPT = """
set -e
if [ ! -e /usr/sbin/policy-rc.d ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "$@"
if command -v systemctl >/dev/null 2>&1; then
    for each; do systemctl disable --now "$each" || true; done
fi
"""

Runner = Callable[[list[str]], "subprocess.CompletedProcess[str]"]


def install(*packages: str, run: Runner | None = None) -> str:
    """Install packages.

    Args:
        packages: Their names.
        run: Runs a command and returns its end; subprocess by default.

    Returns:
        Why it could not be, in words; "" when it was.
    """
    if shutil.which("apt-get") is None:
        return "this machine has no apt-get to install it with"
    run = run or _run
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if as_root and (shutil.which("sudo") is None or run([*as_root, "true"]).returncode != 0):
        return "this user may not install it (no root, no sudo)"
    ended = run([*as_root, "sh", "-c", _SCRIPT, "install", *packages])
    if ended.returncode == 0:
        return ""
    return (ended.stderr.strip() or ended.stdout.strip() or "no output").splitlines()[-1]


def _run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run ``command`` to its end, bounded; an overlong one counts as failed."""
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        reason = f"it took more than {_TIMEOUT_S} s"
        return subprocess.CompletedProcess(command, 1, "", reason)
