"""What studies saw when runners changed: the expected effect of a finding's advice."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from stridewise.form.areas import Area

_UNKNOWN = "No study that we know of measured what changing this does."


@cache
def _data() -> dict[str, dict[str, dict[str, str]]]:
    text = (files("stridewise.form") / "effects.toml").read_text(encoding="utf-8")
    data: dict[str, dict[str, dict[str, str]]] = tomllib.loads(text)
    return data


def expected(area: Area) -> str:
    """Say what the change that an area asks for did in studies, with its source."""
    data = _data()
    found = data["area"].get(area.id) or data["lever"].get(area.lever or "")
    return f"{found['text']} ({found['source']})." if found else _UNKNOWN
