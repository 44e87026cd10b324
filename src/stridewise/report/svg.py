"""Just enough SVG: elements, one set of colours, and scales.

Figures name colours by their role, `var(--left)`, so that a page can give them a light, a dark and
a printed form; `standalone` fills in the light ones for a file of its own.
"""

from __future__ import annotations

import math
import re
from typing import Any

from markupsafe import Markup, escape

#: Colours by role, light and dark. Left and right stay apart for colour-blind readers
#: (Okabe & Ito 2008: blue and vermilion) and differ in lightness from the background by > 4.5:1.
COLOURS: dict[str, tuple[str, str]] = {
    "page": ("#f4f6f8", "#0f151b"),
    "surface": ("#ffffff", "#18212a"),
    "ink": ("#16212c", "#e8eef3"),
    "muted": ("#55636f", "#a4b2be"),
    "line": ("#d5dce2", "#33414d"),
    "left": ("#0068a8", "#5cb8f0"),
    "right": ("#b44400", "#ff9a57"),
    "band": ("#e3eef0", "#22343c"),
    "band-strong": ("#bddde0", "#2f5560"),
    "accent": ("#0b6e76", "#5fc9cf"),
    "warm": ("#8a5a00", "#f0c060"),
}

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif"


def colour(role: str) -> str:
    """Return the reference to a colour by role."""
    if role not in COLOURS:
        raise KeyError(role)
    return f"var(--{role})"


def _text(value: Any) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def tag(name: str, *children: object, **attributes: Any) -> Markup:
    """Make an element; text and attributes are escaped, `_` in attribute names becomes `-`."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for key, value in attributes.items()
    )
    return Markup(f"<{name}{given}>{''.join(escape(child) for child in children)}</{name}>")


def drawing(width: float, height: float, *children: object, title: str, desc: str = "") -> Markup:
    """Make a picture that a screen reader can announce."""
    named = [tag("title", title), *([tag("desc", desc)] if desc else [])]
    return tag(
        "svg",
        *named,
        *children,
        viewBox=f"0 0 {_text(float(width))} {_text(float(height))}",
        role="img",
        font_family=FONT,
        font_size=12,
    )


def standalone(picture: str) -> str:
    """Turn a picture into a file of its own: name space, size, light colours, background."""
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', picture)
    size = f' width="{box[1]}" height="{box[2]}"' if box else ""
    # A plain string: safe markup would escape what is put into it.
    whole = str(picture).replace("<svg", f'<svg xmlns="http://www.w3.org/2000/svg"{size}', 1)
    background = '<rect width="100%" height="100%" fill="var(--surface)"></rect>'
    at = whole.find("</desc>") + len("</desc>") if "</desc>" in whole else whole.find(">") + 1
    whole = whole[:at] + background + whole[at:]
    return re.sub(r"var\(--([a-z-]+)\)", lambda match: COLOURS[match[1]][0], whole) + "\n"


def text(x: float, y: float, words: str, **attributes: Any) -> Markup:
    """Write words at a place, in ink unless told otherwise."""
    return tag("text", words, x=float(x), y=float(y), **{"fill": colour("ink"), **attributes})


def line(x1: float, y1: float, x2: float, y2: float, **attributes: Any) -> Markup:
    """Draw a line."""
    return tag("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), **attributes)


def path_of(points: list[tuple[float, float]]) -> str:
    """Return path data through the points, broken where one is not finite."""
    out, drawing_on = [], False
    for x, y in points:
        if not (math.isfinite(x) and math.isfinite(y)):
            drawing_on = False
            continue
        out.append(f"{'L' if drawing_on else 'M'}{x:.1f} {y:.1f}")
        drawing_on = True
    return "".join(out)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return at most `most` round numbers inside [low, high], evenly spaced by 1, 2 or 5 x 10^k."""
    span = high - low
    if not span > 0:
        return [low]
    for exponent in range(math.floor(math.log10(span)) - 1, math.floor(math.log10(span)) + 2):
        for lead in (1, 2, 5):
            step = lead * 10.0**exponent
            first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
            if last - first + 1 <= most:
                return [i * step for i in range(first, last + 1)]
    return [low, high]
