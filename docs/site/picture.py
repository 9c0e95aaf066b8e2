"""Make the picture of a decision in README and docs: what the terminal shows, as a page, and that page as a PNG.

`python docs/site/picture.py` writes docs/images/decision.png, given Chromium and the extras `tables` and `plots` (for
Pillow). What of the output is in the picture is named in `SHOWN`.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

from PIL import Image, ImageChops
from rich.console import Console

from restructure import decide
from restructure.blocks import Block, Heading
from restructure.report.terminal import render
from restructure.views import summarise

ROOT = Path(__file__).parents[2]
SHOWN = ("OFFER", "Offers", "Offer 1", "Not offered", "Enforcement")
"""The beginnings of the headings whose sections are in the picture."""
WIDTH = 100
STYLE = """
body { margin: 0; background: #f3f5f6; }
pre { margin: 0; padding: 22px 26px; background: #10202b; color: #d7e3ea;
  font: 15px/1.42 "DejaVu Sans Mono", monospace; }
.r1 { color: #6fc7ad; }
"""


def sections(blocks: Sequence[Block]) -> Iterator[Block]:
    """Give the sections of a view that the picture shows."""
    shown = True
    for block in blocks:
        if isinstance(block, Heading):
            shown = block.text.startswith(SHOWN)
        if shown:
            yield block


def page() -> str:
    """Render the decision on Ms Wang's application as a terminal does, as HTML."""
    decision = decide(ROOT / "examples" / "illness.json", "cn-consumer-finance", on="2026-03-18")
    console = Console(
        record=True,
        width=WIDTH,
        force_terminal=True,
        color_system="truecolor",
        file=StringIO(),
        highlight=False,
    )
    console.print("[dim]$[/] [bold]restructure offer examples/illness.json[/]\n")
    render(list(sections(summarise(decision))), console)
    return console.export_html(code_format=_page_format())


def _page_format() -> str:
    # rich fills {stylesheet} and {code}; the braces of CSS are doubled for it.
    style = STYLE.replace("{", "{{").replace("}", "}}")
    return f"<!doctype html><meta charset='utf-8'><style>{{stylesheet}}{style}</style><pre>{{code}}</pre>"


def main() -> None:
    """Write the picture."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("no Chromium is installed")
    text = page()
    picture = ROOT / "docs" / "images" / "decision.png"
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "decision.html"
        source.write_text(text, "utf-8")
        subprocess.run(
            [
                chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=960,3000",
                f"--screenshot={picture}", source.as_uri(),
            ],
            check=True, capture_output=True,
        )  # fmt: skip
    with Image.open(picture) as taken:
        drawn = taken.convert("RGB")
    below = Image.new("RGB", drawn.size, drawn.getpixel((0, drawn.height - 1)))
    drawn.crop(ImageChops.difference(drawn, below).getbbox()).quantize(64).save(picture, optimize=True)


if __name__ == "__main__":
    main()
