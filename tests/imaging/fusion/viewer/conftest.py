"""A browser for the tests of the page."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from imaging.fusion.viewer import write_viewer
from tests.imaging.fusion.glbs import ball, write_case, write_glb
from tests.imaging.fusion.viewer.pages import Page
from tests.imaging.gateway.viewer.browser import started


@pytest.fixture(scope="session")
def fusion_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One browser for the whole session: its start is what costs."""
    with started(tmp_path_factory.mktemp("chromium")) as browser:
        yield Page(browser)


@pytest.fixture(scope="session")
def case_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a case: six teeth, two jaws, and a crown that is hidden at first."""
    folder = tmp_path_factory.mktemp("case")
    groups = write_case(folder)
    crown = {"13": ball((-14, -20, 8), 4.0)}
    groups["teeth"] = write_glb(folder / "teeth.glb", crown, {"13": (1.0, 0.214, 0.0)})
    return write_viewer(groups, folder / "viewer.html", "Case 7")


@pytest.fixture
def page(fusion_browser: Page, case_file: Path) -> Page:
    """The page of the case, just opened, on a desk."""
    fusion_browser.resize(1280, 800)
    fusion_browser.open(case_file.as_uri())
    return fusion_browser
