"""The page in a real browser: it fits, loads nothing, complains about nothing, and prints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stridewise.report import write_report
from stridewise.result import Analysis

CHROMIUM = Path("/usr/bin/chromium")

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as tool:
        running = tool.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield running
        running.close()


@pytest.mark.parametrize("which", ["from_side", "from_behind", "bare", "long names"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_fits_and_keeps_to_itself(
    browser: Any, which: str, theme: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    analysis: Analysis = request.getfixturevalue(which if which != "long names" else "from_side")
    if which == "long names":
        long = "a_very_long_name" * 20
        analysis = replace(
            analysis,
            recording={**analysis.recording, "source": long},
            findings=tuple(replace(f, title=long, cue=long) for f in analysis.findings),
            metrics=tuple(replace(m, id=long + m.id) for m in analysis.metrics),
            unjudged=((long, long),),
            provenance={long: long},
        )
    address = write_report(analysis, tmp_path).as_uri()
    tab = browser.new_page(color_scheme=theme)
    complaints: list[str] = []
    requests: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("request", lambda made: requests.append(made.url))
    for width in (390, 1280):
        tab.set_viewport_size({"width": width, "height": 800})
        tab.goto(address)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []
    assert {url for url in requests if not url.startswith("data:")} == {address}
    if which == "from_side":
        printed = tab.pdf(prefer_css_page_size=True)
        assert 3 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 7
    tab.close()
