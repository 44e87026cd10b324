"""The page in a real browser, for each source of frames.

With STRIDEWISE_CLIP, an MJPEG file of a person, the camera shows that person.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stridewise.cli import SAMPLE
from stridewise.recording import Recording
from stridewise.serve.client import stream
from tools.vendor import changed

CHROMIUM = Path("/usr/bin/chromium")
CLIP = os.environ.get("STRIDEWISE_CLIP", "")
_FAKE_CAMERA = [
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]

browser_needed = pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    clip = [f"--use-file-for-fake-video-capture={CLIP}"] if CLIP else []
    with playwright.sync_playwright() as tool:
        running = tool.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", *_FAKE_CAMERA, *clip]
        )
        yield running
        running.close()


@pytest.fixture
def tab(browser: Any, server: str) -> Iterator[Any]:
    """A tab with the page open; at the end nothing may have gone wrong in it."""
    context = browser.new_context(permissions=["camera"], viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(90_000)
    complaints: list[str] = []
    outside: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda told: (
            complaints.append(told.text) if "Content Security Policy" in told.text else None
        ),
    )
    page.on(
        "request",
        lambda made: (
            outside.append(made.url)
            if not made.url.startswith((server, "blob:", "data:"))
            else None
        ),
    )
    page.goto(server)
    yield page
    context.close()
    assert complaints == []
    assert outside == []


def test_what_is_vendored_is_what_was_fetched() -> None:
    assert changed() == []


@browser_needed
def test_a_file_is_played_and_reported(tab: Any) -> None:
    tab.set_input_files("#file", SAMPLE)
    tab.get_by_role("button", name=f"Play {SAMPLE.name}").click()
    tab.get_by_text("Cadence", exact=True).wait_for()
    tab.get_by_role("button", name="What is cadence?").click()
    assert tab.get_by_text("How many steps you take in a minute").is_visible()
    assert 120 < float(tab.locator(".tile .number").first.inner_text()) < 190
    tab.get_by_role("button", name="Stop").click()
    tab.get_by_role("heading", name="Summary").wait_for()
    tab.get_by_role("button", name="Show the report").click()
    report = tab.frame_locator("iframe")
    report.get_by_role("heading", name=SAMPLE.name).wait_for()


@browser_needed
def test_a_file_is_analysed_at_once(tab: Any) -> None:
    tab.set_input_files("#file", SAMPLE)
    tab.get_by_role("button", name="Analyse it at once").click()
    tab.frame_locator("iframe").get_by_role("heading", name=SAMPLE.name).wait_for()


@browser_needed
def test_a_file_that_cannot_be_read_is_said(tab: Any, tmp_path: Path) -> None:
    file = tmp_path / "cat.json"
    file.write_text("meow")
    tab.set_input_files("#file", file)
    alert = tab.get_by_role("alert")
    alert.wait_for()
    assert "cat.json" in alert.inner_text()


@browser_needed
def test_the_camera_gives_points_and_only_points(tab: Any, server: str) -> None:
    sent: list[int | str] = []
    tab.on(
        "websocket",
        lambda socket: socket.on(
            "framesent", lambda data: sent.append(data if isinstance(data, str) else len(data))
        ),
    )
    # Without a graphics processor the model runs better on the processor.
    tab.goto(f"{server}/?cpu")
    tab.get_by_role("button", name="Start the camera").click()
    pictures = tab.get_by_text(re.compile(r"^([5-9]|\d{2,}) pictures"))
    pictures.wait_for(timeout=240_000)
    assert tab.evaluate("document.querySelector('.stage video').videoWidth") > 0
    if not CLIP:
        # The fake camera shows a pattern, nobody.
        tab.get_by_text("Nobody is seen: step into the picture.").wait_for()
    tab.get_by_role("button", name="Stop").click()
    tab.get_by_role("heading", name="Summary").wait_for()
    frames = [size for size in sent if not isinstance(size, str)]
    assert len(frames) >= 5
    # A time and three numbers for each of 17 points: no picture leaves the page.
    assert set(frames) == {8 + 12 * 17}


@browser_needed
def test_a_stream_from_elsewhere_is_found_among_the_sessions(
    tab: Any, server: str, recording: Recording
) -> None:
    part = recording.with_(
        xy=recording.xy[:60],
        confidence=recording.confidence[:60],
        time=recording.time[:60],
        source="From a program",
    )
    stream(part, server, speed=4.0)
    tab.reload()
    tab.get_by_role("cell", name="From a program", exact=True).wait_for()


@browser_needed
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_fits_in_either_theme(tab: Any, theme: str, width: int) -> None:
    tab.emulate_media(color_scheme=theme)
    tab.set_viewport_size({"width": width, "height": 800})
    tab.set_input_files("#file", SAMPLE)
    tab.get_by_role("button", name=f"Play {SAMPLE.name}").click()
    tab.get_by_text("Cadence", exact=True).wait_for()
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", ground)[:3]))
    assert (brightness > 600) == (theme == "light")
    tab.get_by_role("button", name="Stop").click()


@browser_needed
def test_everything_can_be_reached_by_keyboard(tab: Any) -> None:
    tab.get_by_role("button", name="Start the camera").wait_for()
    reached = []
    for _ in range(9):
        tab.keyboard.press("Tab")
        reached.append(
            tab.evaluate(
                "document.activeElement.id || document.activeElement.textContent"
                " || document.activeElement.parentElement.textContent"
            ).strip()
        )
    assert reached[:4] == ["imperial units", "speak the cues", "Start the camera", "file"]
    assert "I have pain today" in reached
    tab.get_by_label("imperial units").press("Space")
    assert tab.get_by_text("in", exact=True).count() or "in" in tab.locator(".fields").inner_text()


@browser_needed
def test_a_runner_in_pain_is_told_why_nothing_is_said(tab: Any) -> None:
    tab.get_by_label("I have pain today").check()
    tab.get_by_text("have it looked at by a physiotherapist").wait_for()
