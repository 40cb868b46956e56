"""docs/operate.md says what is so: each setting and each command stands in its tables."""

from __future__ import annotations

import re

from tests.conftest import ROOT
from tests.features.cli.test_commands import COMMANDS

PAGE = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
# Where settings are read: `env.get("NAME", ...)` and `_number(env, "NAME", ...)`.
READ = re.compile(r'env(?:iron)?(?:\.get\(|\[|, )"([A-Z][A-Z0-9_]+)"')
SOURCES = ("patient_app/core/config.py", "patient_app/serve.py")


def settings_in_code() -> set[str]:
    return {name for source in SOURCES for name in READ.findall((ROOT / source).read_text(encoding="utf-8"))}


def first_column(heading: str) -> set[str]:
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([^`]+)` \|", section, flags=re.MULTILINE))


def test_every_setting_is_in_the_table_and_nothing_else() -> None:
    assert "MASTER_KEY" in settings_in_code()
    assert "WEB_WORKERS" in settings_in_code()
    assert first_column("Settings") == settings_in_code()


def test_every_command_is_in_the_table_and_nothing_else() -> None:
    assert first_column("Commands") == COMMANDS


def test_no_other_module_reads_the_environment() -> None:
    reading = re.compile(r"os\.environ|os\.getenv|getenv\(")
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "patient_app").rglob("*.py")
        if reading.search(path.read_text(encoding="utf-8"))
    }
    # metrics asks whether counters are added up over processes, as its library does.
    assert found <= {"patient_app/core/config.py", "patient_app/core/metrics.py", "patient_app/serve.py"}
