"""Each icon that a page asks for is in the sprite: one that is not there is drawn as nothing, and nobody is told."""

from __future__ import annotations

import re
from pathlib import Path

from patient_app.factory import NAVIGATION

ROOT = Path(__file__).resolve().parents[3] / "patient_app"
# ui.icon("lock"), icon_name="lock", and the third word of ui.door(...).
ASKED = re.compile(r"""\bicon(?:_name)?(?:\(|=)\s*["']([a-z0-9-]+)["']|\bdoor\("[^"]*", [^,]*, "([a-z-]+)"\)""")


def test_every_icon_is_in_the_sprite() -> None:
    there = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons/sprite.svg").read_text(encoding="utf-8")))
    asked = {item.icon: "the bar" for item in NAVIGATION}
    for template in (ROOT / "templates").rglob("*.html"):
        for names in ASKED.findall(template.read_text(encoding="utf-8")):
            asked |= {name: template.name for name in names if name}
    assert len(asked) > 25
    missing = {name: where for name, where in asked.items() if name not in there}
    assert not missing
