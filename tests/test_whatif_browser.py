"""The what-if app in a browser: what the page shows is what `decide` says, it answers in time, and it is in Chinese too."""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from whatif.comparison import changed, start
from whatif.page import PHRASES, label, rows

ROOT = Path(__file__).parents[1]
APP = ROOT / "examples" / "whatif" / "app.py"
CASE = ROOT / "examples" / "illness.json"


@pytest.fixture(scope="module")
def begun():
    return start(CASE)


DEMANDED = os.environ.get("RESTRUCTURE_TEST_BROWSER")
"""A browser that .ci/run found: with it these tests may not be left out."""
CHROMIUM = DEMANDED or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
WATCH = """() => {
  window.waits = [];
  const shown = () => document.querySelector('.whatif[data-values]')?.dataset.values;
  addEventListener('keydown', () => {
    const pressed = performance.now(), before = shown();
    const look = () => shown() !== before ? waits.push(performance.now() - pressed) : requestAnimationFrame(look);
    requestAnimationFrame(look);
  }, true);
}"""
"""Measures in the page: from a key on a slider to the frame that has the new figures in it."""
LONGEST_WAIT = 300


def _absent():
    absent = [name for name in ("marimo", "playwright") if find_spec(name) is None]
    return [*absent, *([] if CHROMIUM else ["chromium"])]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    if absent := _absent():
        sentence = f"NOT CHECKED: the what-if app in a browser; absent: {', '.join(absent)}"
        assert not DEMANDED, sentence
        pytest.skip(sentence)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("whatif") / "log"
    command = [
        sys.executable,
        "-m",
        "marimo",
        "run",
        str(APP),
        "--headless",
        "--no-token",
        "--host",
        "127.0.0.1",
    ]
    with log.open("wb") as out:
        served = subprocess.Popen(
            [*command, "--port", str(port)], stdout=out, stderr=out, stdin=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "RESTRUCTURE_LANGUAGE": "en"},
        )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until and served.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            pytest.fail(f"marimo did not start: {log.read_text()[-2000:]}")
        yield f"http://127.0.0.1:{port}/"
    finally:
        served.terminate()
        served.wait(20)


@pytest.fixture(scope="module")
def browser(address):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def opened(address, browser):
    """Open the app in a language; what the console reports as an error is collected."""
    pages, errors = [], []

    def open_in(language, width=1200):
        tab = browser.new_page(viewport={"width": width, "height": 1400})
        tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.goto(f"{address}?lang={language}")
        tab.wait_for_selector(".whatif[data-values] table", timeout=60_000)
        pages.append(tab)
        return tab

    yield open_in
    for tab in pages:
        tab.close()
    assert errors == []


def _figures(tab):
    return [
        [cell.strip() for cell in row.locator("th, td").all_inner_texts()]
        for row in tab.locator(".whatif tbody tr").all()
    ]


def _values(tab):
    return json.loads(tab.locator(".whatif[data-values]").get_attribute("data-values"))


def _press(tab, slider, key):
    before = tab.locator(".whatif[data-values]").get_attribute("data-values")
    slider.press(key)
    tab.wait_for_function(
        "before => document.querySelector('.whatif[data-values]')?.dataset.values !== before",
        arg=before,
        polling="raf",
    )


@pytest.mark.slow
def test_every_slider_shows_in_the_page_what_decide_says_in_under_300_ms(opened, begun):
    tab = opened("en")
    sliders = tab.get_by_role("slider")
    assert sliders.count() == len(begun.ranges) == 5
    _press(tab, sliders.first, "ArrowRight")  # the first answer loads what later ones need not
    _press(tab, sliders.first, "ArrowLeft")
    tab.evaluate(WATCH)
    for k, each in enumerate(begun.ranges):
        for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "End", "Home"):
            _press(tab, sliders.nth(k), key)
            values = _values(tab)
            assert values.keys() == {r.name for r in begun.ranges}
            assert _figures(tab) == [list(row) for row in rows(begun.today, changed(begun, values))]
        assert values[each.name] == each.low
    waits = tab.evaluate("waits")
    assert len(waits) == 25
    # The median, so that a process of another program that takes the processor for a moment does not count.
    print(f"answers in a browser: median {statistics.median(waits):.0f} ms, slowest {max(waits):.0f} ms")
    assert statistics.median(waits) < LONGEST_WAIT, sorted(waits)


@pytest.mark.slow
def test_a_slider_that_is_dragged_ends_with_the_answer_for_where_it_stopped(opened, begun):
    tab = opened("en")
    thumb = tab.get_by_role("slider").nth(3)
    box = thumb.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.down()
    for step in range(60):
        tab.mouse.move(x + step * 2, y)
    tab.mouse.up()
    tab.wait_for_function(
        "([thumb, end]) => Math.abs(thumb.getBoundingClientRect().x + thumb.offsetWidth / 2 - end) < 8",
        arg=[thumb.element_handle(), x + 59 * 2],
    )
    said = int(thumb.get_attribute("aria-valuenow"))
    assert said > begun.ranges[3].today
    tab.wait_for_function(
        "said => JSON.parse(document.querySelector('.whatif[data-values]').dataset.values).illness_extension === said",
        arg=said,
    )
    assert _figures(tab) == [
        list(row) for row in rows(begun.today, changed(begun, {"illness_extension": said}))
    ]


@pytest.mark.slow
def test_no_move_is_lost_where_two_sliders_move_faster_than_the_page_answers(opened, begun):
    tab = opened("en")
    sliders = tab.get_by_role("slider")
    for turn in range(3):
        for k, key, times in (
            (2, "ArrowRight", 8),
            (3, "ArrowRight", 3),
            (0, "ArrowLeft", 8),
            (4, "ArrowLeft", 5),
        ):
            for _ in range(times):
                sliders.nth(k).press(key)
        moved = {
            each.name: int(sliders.nth(k).get_attribute("aria-valuenow"))
            for k, each in enumerate(begun.ranges)
        }
        assert moved["illness_extension"] == 6 + 3 * (turn + 1)
        tab.wait_for_timeout(2000)
        assert _values(tab) == moved
    assert _figures(tab) == [list(row) for row in rows(begun.today, changed(begun, moved))]


@pytest.mark.slow
def test_the_app_is_in_chinese_and_keeps_its_numbers_when_the_language_changes(opened, begun):
    tab = opened("zh", width=700)
    _press(tab, tab.get_by_role("slider").nth(3), "ArrowRight")
    after = changed(begun, {"illness_extension": 7})
    assert _figures(tab) == [list(row) for row in rows(begun.today, after, "zh")]
    for each in begun.ranges:
        assert tab.get_by_text(label(begun, each, "zh"), exact=True).is_visible()
    assert tab.get_by_text(PHRASES["zh"]["reset"], exact=True).is_visible()
    tab.get_by_text("English").click()
    tab.wait_for_selector(".whatif[data-values][lang=en]")
    assert _values(tab)["illness_extension"] == 7
    assert _figures(tab) == [list(row) for row in rows(begun.today, after)]
    tab.get_by_role("button", name=PHRASES["en"]["reset"]).click()
    tab.wait_for_function(
        "() => JSON.parse(document.querySelector('.whatif[data-values]').dataset.values).illness_extension === 6"
    )
    assert _figures(tab) == [list(row) for row in rows(begun.today, begun.today)]


@pytest.mark.slow
def test_a_number_typed_beyond_the_slider_gives_an_answer_or_a_sentence(opened, begun):
    tab = opened("en")
    box = tab.get_by_role("textbox").nth(3)
    for typed in ("999", "-3", ""):
        box.fill(typed)
        box.press("Enter")
        box.blur()
        tab.wait_for_timeout(500)
        assert tab.locator(".whatif[data-values]").count() == 1
        assert "Traceback" not in tab.locator("body").inner_text()
        assert tab.locator(".marimo-error").count() == 0


@pytest.mark.slow
@pytest.mark.parametrize(("language", "width"), [("en", 1400), ("zh", 1400), ("en", 390), ("zh", 390)])
def test_nothing_is_wider_than_the_window(opened, language, width):
    tab = opened(language, width=width)
    edges = tab.locator(".whatif table, .whatif svg, .whatif li").evaluate_all(
        "all => all.map(each => each.getBoundingClientRect().right)"
    )
    assert max(edges) <= width
