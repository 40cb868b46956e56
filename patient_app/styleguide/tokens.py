"""The tokens as the style sheet has them, and the contrast between them, computed as WCAG 2.2 defines it.

Nothing is written down twice: names and colours are read from `app.css`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

STYLE_SHEET = Path(__file__).resolve().parents[1] / "static" / "css" / "app.css"
AA, AAA, AA_SHAPE = 4.5, 7.0, 3.0

# Below this, sRGB is a straight line.
_STRAIGHT = 0.0031308

_TOKEN = re.compile(r"--([a-z0-9-]+):\s*([^;]+);")
_OKLCH = re.compile(r"oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)")
_ALIAS = re.compile(r"var\(--([a-z0-9-]+)\)")


@dataclass(frozen=True, slots=True)
class Colour:
    """One colour in OKLCH: lightness 0 to 1, chroma, hue in degrees."""

    lightness: float
    chroma: float
    hue: float

    @property
    def hex(self) -> str:
        """The colour as sRGB, as a browser shows it."""
        return "#" + "".join(f"{round(255 * _encoded(part)):02x}" for part in self._linear())

    @property
    def luminance(self) -> float:
        """Relative luminance."""
        red, green, blue = self._linear()
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def contrast(self, other: Colour) -> float:
        """Contrast ratio, 1 to 21."""
        darker, lighter = sorted((self.luminance, other.luminance))
        return (lighter + 0.05) / (darker + 0.05)

    def _linear(self) -> tuple[float, float, float]:
        """Linear sRGB, cut to what a screen can show (Björn Ottosson's matrices, as in CSS Color 4)."""
        a = self.chroma * math.cos(math.radians(self.hue))
        b = self.chroma * math.sin(math.radians(self.hue))
        long = (self.lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
        middle = (self.lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
        short = (self.lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
        return (
            _cut(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
            _cut(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
            _cut(-0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short),
        )


def _cut(part: float) -> float:
    return min(1.0, max(0.0, part))


def _encoded(part: float) -> float:
    return 12.92 * part if part <= _STRAIGHT else 1.055 * part ** (1 / 2.4) - 0.055


@dataclass(frozen=True, slots=True)
class Pair:
    """Two colours that meet on a page: what lies on what, and the contrast that it has to have."""

    front: str
    back: str
    least: float
    what: str


PAIRS: tuple[Pair, ...] = (
    *(Pair("ink", back, AAA, "text") for back in ("paper", "surface", "sunken", "accent-soft", "attention-soft")),
    *(Pair("ink-soft", back, AA, "quiet text") for back in ("paper", "surface", "sunken", "accent-soft")),
    *(Pair("accent", back, AA, "links, quiet buttons") for back in ("paper", "surface", "sunken", "accent-soft")),
    *(Pair("attention", back, AA, "errors") for back in ("paper", "surface", "sunken", "attention-soft")),
    Pair("on-fill", "fill", AA, "the primary button"),
    *(Pair("fill", back, AA_SHAPE, "its edge, and what is chosen") for back in ("paper", "surface")),
    Pair("on-urgent", "urgent", AA, "emergency calls"),
    Pair("paper", "ink", AAA, "Help now"),
    *(Pair("edge", back, AA_SHAPE, "edges of fields") for back in ("paper", "surface")),
    *(Pair("on-mood", f"mood-{step}", AA_SHAPE, "the lines of a face") for step in range(1, 6)),
    *(Pair(f"series-{step}", back, AA, "lines and labels") for step in (1, 2) for back in ("paper", "surface", "band")),
    Pair("ink-soft", "band", AA, "axis labels"),
)
# Says nothing by itself: where it stands is told by words or space as well.
DECORATION = frozenset({"hairline", "pressed"})


def layer(css: str, name: str) -> str:
    """Return what stands inside `@layer name { ... }`."""
    start = css.index(f"@layer {name} {{") + len(f"@layer {name} {{")
    depth, end = 1, start
    while depth:
        depth += {"{": 1, "}": -1}.get(css[end], 0)
        end += 1
    return css[start : end - 1]


def tokens(css: str) -> dict[str, str]:
    """Return every token of the first block of the tokens layer as it is written."""
    return dict(_TOKEN.findall(layer(css, "tokens").split("}", maxsplit=1)[0]))


def colours(css: str) -> dict[str, tuple[Colour, Colour]]:
    """Return the colours by name, each for a light and for a dark room."""
    written = tokens(css)
    found: dict[str, tuple[Colour, Colour]] = {}
    for name, value in written.items():
        alias = _ALIAS.fullmatch(value)
        parts = _OKLCH.findall(written[alias[1]] if alias else value)
        if parts:
            shades = [Colour(*map(float, part)) for part in parts]
            found[name] = (shades[0], shades[-1])
    return found


@dataclass(frozen=True, slots=True)
class Measured:
    """A pair with its contrast in a light and a dark room."""

    pair: Pair
    light: float
    dark: float

    @property
    def enough(self) -> bool:
        """Whether it is enough in both."""
        return min(self.light, self.dark) >= self.pair.least


def measured(css: str) -> list[Measured]:
    """Return the contrast of every pair."""
    known = colours(css)
    return [
        Measured(
            pair,
            known[pair.front][0].contrast(known[pair.back][0]),
            known[pair.front][1].contrast(known[pair.back][1]),
        )
        for pair in PAIRS
    ]
