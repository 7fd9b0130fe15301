"""A vendor, an account there, and a case to hand in, for tests of the flows about fusions."""

from pathlib import Path

import pytest
from PIL import Image

from imaging.fusion.journey import collect
from imaging.phantoms.dental import small_case
from imaging.phantoms.vendor import SimulatorOptions, VendorSimulator


@pytest.fixture(scope="session")
def dental_case(tmp_path_factory):
    """Two scans and a CBCT of one synthetic patient, to be read only."""
    return small_case(tmp_path_factory.mktemp("dental"))


@pytest.fixture
def vendor(place):
    """A simulated vendor that is done at once, with an account in the settings."""
    with VendorSimulator(SimulatorOptions(faces_per_tooth=80)) as simulator:
        place(**account(simulator))
        yield simulator


@pytest.fixture
def undrawn(monkeypatch):
    """Results with a blank picture: to draw one takes seconds, and is not what is looked at."""

    def draw(_groups, folder):
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8)).save(folder / "overview.png")
        return [folder / "overview.png"]

    monkeypatch.setitem(collect.__kwdefaults__, "draw", draw)


@pytest.fixture
def handed_in(dental_case):
    """The parameters of `fuse-cbct` that describe the case."""
    return {
        "case": "case-1",
        "upper_scan": dental_case.upper,
        "lower_scan": dental_case.lower,
        "cbct": dental_case.cbct,
    }


def account(simulator: VendorSimulator) -> dict[str, object]:
    """Return the settings of the account that a simulator takes."""
    fields = simulator.connection_fields()
    return {
        "fusion_url": fields["url"],
        "fusion_files_url": fields["files_url"],
        "fusion_user_group": fields["user_group"],
        "fusion_user_id": fields["user_id"],
        "fusion_token": fields["token"],
    }


def write_worklist(folder: Path, lines: dict[str, tuple[Path, Path, Path]]) -> Path:
    """Write a CSV file of cases: by name, upper scan, lower scan and CBCT."""
    path = folder / "cases.csv"
    rows = [",".join(map(str, (name, *files))) for name, files in lines.items()]
    path.write_text("\n".join(["case,upper_scan,lower_scan,cbct", *rows]))
    return path
