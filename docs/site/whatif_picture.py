"""Make the pictures of the what-if app in docs: `marimo run` in Chromium, two sliders moved, a PNG for each language.

`python docs/site/whatif_picture.py` writes docs/images/whatif.png and whatif-zh.png, given Chromium and the extras
`browser` and `plots` (for Pillow).
"""

import shutil
import socket
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[2]
APP = ROOT / "examples" / "whatif" / "app.py"
PICTURES = {"en": "whatif.png", "zh": "whatif-zh.png"}
PRESSED = {2: ("ArrowRight", 25), 3: ("ArrowRight", 6)}
"""The sliders that are moved, by number: the key and how often."""


def port_of(server: socket.socket) -> int:
    """Give a free port on loopback."""
    server.bind(("127.0.0.1", 0))
    return int(server.getsockname()[1])


def taken(tab: Page, address: str, language: str) -> Image.Image:
    """Open the app in a language, move its sliders and take a picture from top to bottom."""
    tab.goto(f"{address}?lang={language}")
    tab.wait_for_selector(".whatif[data-values] table", timeout=60_000)
    for number, (key, times) in PRESSED.items():
        for _ in range(times):
            tab.get_by_role("slider").nth(number).press(key)
    tab.mouse.move(5, 5)
    tab.evaluate("document.activeElement?.blur()")
    tab.wait_for_timeout(1500)
    bottom = tab.locator("ul.legend").bounding_box()
    assert bottom is not None
    tab.set_viewport_size({"width": 1000, "height": round(bottom["y"] + bottom["height"] + 24)})
    tab.wait_for_timeout(300)
    return Image.open(BytesIO(tab.screenshot()))


def main() -> None:
    """Write the pictures."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("no Chromium is installed")
    with socket.socket() as server:
        port = port_of(server)
    command = [
        sys.executable,
        "-m",
        "marimo",
        "run",
        str(APP),
        "--headless",
        "--no-token",
        "--port",
        str(port),
    ]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as app:
        try:
            while app.poll() is None:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                for language, name in PICTURES.items():
                    tab = browser.new_page(viewport={"width": 1000, "height": 2000})
                    picture = taken(tab, f"http://127.0.0.1:{port}/", language)
                    picture.convert("RGB").quantize(256).save(ROOT / "docs" / "images" / name, optimize=True)
                browser.close()
        finally:
            app.terminate()


if __name__ == "__main__":
    main()
