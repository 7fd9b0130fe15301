"""Fingerprints: what the curves of a case depend on, and what its pictures and pages show."""

import hashlib
import json
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path

from imaging.rt.cases.options import DvhCase, DvhOptions
from imaging.rt.sources import checksum_of

_RT = Path(__file__).parents[1]
_PARTS = (  # another version may calculate otherwise
    "contourpy",
    "dicompyler-core",
    "imaging-flows",
    "numba",
    "numpy",
    "pydicom",
    "scipy",
    "shapely",
)


def key_of(case: DvhCase, options: DvhOptions) -> str:
    """Fingerprint everything that the curves depend on, our own sources too."""
    stats = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in case.files]
    versions = [*(version(part) for part in _PARTS), _sources()]
    how = asdict(options.method), asdict(options.policy)
    said = json.dumps(
        [stats, case.course, case.sums_plans, options.rois, options.needs_body, how, versions]
    )
    return hashlib.sha256(said.encode()).hexdigest()


def shown_of(options: DvhOptions) -> str:
    """Fingerprint everything that pictures and pages depend on beside the curves."""
    goals = None if options.goals is None else asdict(options.goals)
    said = [options.metrics, goals, dict(options.alpha_beta_gy), options.write_dvhs]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


@cache
def _sources() -> str:
    """Checksum the sources of this package, whose version does not change with each of them."""
    return checksum_of(_RT)
