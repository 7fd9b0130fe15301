"""What a test does with the page: open, look, click, press keys."""

import tempfile
from pathlib import Path
from typing import Any

from selenium.webdriver import ActionChains
from selenium.webdriver.remote.webelement import WebElement

from tests.imaging.fusion.pictures.looking import places_of
from tests.imaging.gateway.viewer.browser import Browser

# Chromium on its own says this of drawing without a graphics card when pixels are read.
_HARMLESS = "GPU stall due to ReadPixels"


class Page:
    """The page in a browser."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.driver = browser.driver

    def resize(self, width: int, height: int, *, mobile: bool = False) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        touch = {"enabled": mobile}
        self.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", touch)

    def open(self, address: str, *, until: str = "ready") -> None:
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(address)
        self.browser.wait_for(until)

    def find(self, selector: str) -> WebElement:
        return self.browser.find(selector)

    def run(self, script: str, *values: Any) -> Any:
        return self.browser.run(script, *values)

    def look(self, view: str) -> None:
        self.find(f'[data-view="{view}"]').click()

    def tooth(self, number: str) -> WebElement:
        """The button of a tooth in the first chart that has it."""
        return self.find(f'.chart button[title^="{number} "]')

    def places(self) -> dict[str, Any]:
        """Where each tooth's colour is seen on the canvas, once what was asked for is drawn."""
        self.driver.execute_async_script(
            "requestAnimationFrame(() => requestAnimationFrame(arguments[0]))"
        )
        with tempfile.TemporaryDirectory() as folder:
            at = Path(folder) / "canvas.png"
            self.find("#canvas").screenshot(str(at))
            return dict(places_of(at))

    def move_to(self, x: float, y: float) -> ActionChains:
        """Move the pointer to a point of the canvas."""
        canvas = self.find("#canvas")
        half = canvas.size["width"] / 2, canvas.size["height"] / 2
        moves = ActionChains(self.driver, duration=0)
        return moves.move_to_element_with_offset(canvas, round(x - half[0]), round(y - half[1]))

    def complaints(self) -> list[str]:
        return [said for said in self.browser.complaints() if _HARMLESS not in said]
