"""A synthetic patient, and a lab that hands them in."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from imaging.fusion.journey import Prepared
from imaging.phantoms.dental import SmallCase, small_case
from tests.imaging.fusion.journey.lab import FEW, Lab


@pytest.fixture(scope="session")
def patient_files(tmp_path_factory: pytest.TempPathFactory) -> SmallCase:
    """Two scans and a CBCT, to be read only."""
    return small_case(tmp_path_factory.mktemp("patient"))


@pytest.fixture
def lab(tmp_path: Path, patient_files: SmallCase) -> Iterator[Lab]:
    """A lab without callbacks: the vendor is asked."""
    with Lab(tmp_path / "data", patient_files) as lab:
        yield lab


@pytest.fixture
def slow_lab(tmp_path: Path, patient_files: SmallCase) -> Iterator[Lab]:
    """A lab whose vendor is done when it is told to be."""
    with Lab(tmp_path / "data", patient_files, replace(FEW, seconds=math.inf)) as lab:
        yield lab


@pytest.fixture
def prepared(lab: Lab) -> Prepared:
    """A case that passed its checks."""
    return lab.prepare()
