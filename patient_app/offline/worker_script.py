"""Joins the worker's modules into the one classic script that browsers fetch at /sw.js.

Each module becomes a function that gives out what it exports; an `import` reads from what others gave out. Only the
plain forms are known: `import { a, b } from "./x.js";` (one line or several) and `export` before `const`, `function`,
`async function`. Anything else is refused when the application starts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

SETTINGS = "settings.js"
_IMPORT = re.compile(r'^import \{([^}]+)\} from "\./(\w+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (const|async function|function) (\w+)", re.MULTILINE)
_OTHER = re.compile(r"^(?:import|export)\b.*$|\bimport\(", re.MULTILINE)


def joined(entry: str, folders: tuple[Path, ...], settings: Mapping[str, object]) -> str:
    """Return the script of a module and all that it imports, each looked for in the folders in turn.

    `settings` is what the modules import from "./settings.js". Raise `ValueError` for what cannot be joined.
    """
    done: dict[str, str] = {
        SETTINGS: f"const settings = {json.dumps(settings, ensure_ascii=False)};\nreturn {{ settings }};\n"
    }
    _add(entry, folders, done, ())
    parts = [f"const {_variable(name)} = (() => {{\n{body}}})();\n" for name, body in done.items()]
    return '"use strict";\n' + "".join(parts)


def _add(name: str, folders: tuple[Path, ...], done: dict[str, str], above: tuple[str, ...]) -> None:
    if name in done:
        return
    if name in above:
        raise ValueError(f"{name} imports itself, by way of {', '.join(above)}.")
    source = _source(name, folders)
    for _names, other in _IMPORT.findall(source):
        _add(other, folders, done, (*above, name))
    body = _IMPORT.sub(_as_constants, source)
    given = [found for _kind, found in _EXPORT.findall(body)]
    body = _EXPORT.sub(r"\1 \2", body)
    body = _without_comments(body)  # A quarter of what is sent. Who wants to read it reads the modules.
    other = _OTHER.search(body)
    if other:
        raise ValueError(f"{name}: this cannot be joined: {other[0]}")
    done[name] = f"{body.rstrip()}\nreturn {{ {', '.join(given)} }};\n"


def _source(name: str, folders: tuple[Path, ...]) -> str:
    for folder in folders:
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8")
    raise ValueError(f"There is no module {name}.")


def _as_constants(found: re.Match[str]) -> str:
    names = ", ".join(name.strip() for name in found[1].split(",") if name.strip())
    return f"const {{ {names} }} = {_variable(found[2])};\n"


def _variable(name: str) -> str:
    return f"from_{name.removesuffix('.js')}"


def _without_comments(source: str) -> str:
    return re.sub(r"^[ \t]*//.*\n", "", source, flags=re.MULTILINE)
