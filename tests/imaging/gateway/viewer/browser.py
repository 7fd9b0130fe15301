"""A real browser without a window, that can reach this machine only."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.lacking import needed

_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # as root in a container, Chromium has none
    "--no-first-run",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--use-gl=angle",
    "--use-angle=swiftshader",  # WebGL 2 without a graphics card
    "--enable-unsafe-swiftshader",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--window-size=820,560",
    "--force-device-scale-factor=1",
)
_PATIENCE_S = 240  # without a graphics card, a busy machine draws late


class Browser:
    """What a test does with a browser: open, look, click."""

    def __init__(self, driver: webdriver.Chrome, downloads: Path) -> None:
        self.driver = driver
        self.downloads = downloads

    def open(self, address: str, *, until: str = "ready") -> None:
        """Open a page, in a tab that remembers nothing, and wait for its state."""
        self.driver.get(address.split("/view", maxsplit=1)[0] + "/health")  # of the same origin
        self.driver.execute_script("sessionStorage.clear()")
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(address)
        self.wait_for(until)

    def wait_for(self, state: str) -> None:
        def has_state(driver: webdriver.Chrome) -> bool:
            now = driver.execute_script("return document.documentElement.dataset.state")
            if now == "failed" and state != "failed":
                pytest.fail(f"the page says: {self.status} {self.complaints()}")
            return bool(now == state)

        self.wait_until(has_state)

    def wait_until(self, is_so: Callable[[webdriver.Chrome], Any]) -> Any:
        return WebDriverWait(self.driver, _PATIENCE_S, 0.05).until(is_so)

    def run(self, script: str, *values: Any) -> Any:
        return self.driver.execute_script(script, *values)

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    @property
    def status(self) -> str:
        return self.find("#status").text

    def place_mm(self) -> tuple[float, ...]:
        """Where the page says that the crosshair is: right, anterior, superior."""
        said = self.find("#location").text.split(" mm")[0].split(", ")
        signs = {"R": 1, "A": 1, "S": 1, "L": -1, "P": -1, "I": -1}
        return tuple(float(part[:-2]) * signs[part[-1]] for part in said)

    def set(self, selector: str, value: str) -> None:
        """Set a field as a person does who then leaves it."""
        self.run(
            "const [at, value] = arguments; at.value = value;"
            "for (const kind of ['input', 'change'])"
            "  at.dispatchEvent(new Event(kind, {bubbles: true}));",
            self.find(selector),
            value,
        )

    def picture(self, path: Path | None = None) -> NDArray[np.uint8]:
        """What the canvas shows, as (rows, columns, RGB); also saved, to be looked at."""
        with tempfile.TemporaryDirectory() as folder:
            at = Path(folder) / "canvas.png"
            self.find("#canvas").screenshot(str(at))
            pixels = np.asarray(Image.open(at).convert("RGB"))
        if path is not None:
            self.driver.save_screenshot(str(path))
        return pixels

    def complaints(self) -> list[str]:
        """What the console got since the page was opened: errors, and what the policy forbade."""
        entries = self.driver.get_log("browser")
        return [entry["message"] for entry in entries if entry["level"] != "INFO"]

    def requests(self) -> list[dict[str, Any]]:
        """Every request since the page was opened."""
        messages = (json.loads(entry["message"]) for entry in self.driver.get_log("performance"))
        events = (message["message"] for message in messages)
        return [
            event["params"]["request"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]


def find_program(*names: str) -> str:
    """Where the first of these programs is that is there."""
    found = next(filter(None, map(shutil.which, names)), None)
    reason = f"no {names[0]}: python -m deployments.prepare installs it where it may"
    return needed(found, reason)


@contextmanager
def started(folder: Path) -> Iterator[Browser]:
    """Run a browser whose files are in a folder of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = find_program("chromium", "chromium-browser", "google-chrome")
    service = Service(find_program("chromedriver"))
    downloads = folder / "downloads"
    downloads.mkdir(parents=True)
    for flag in (*_FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    preferences = {"download.default_directory": str(downloads)}
    options.add_experimental_option("prefs", preferences)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_script_timeout(_PATIENCE_S)
    try:
        yield Browser(driver, downloads)
    finally:
        driver.quit()
