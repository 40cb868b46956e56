"""How large the code is: `python -m tests.sizes` prints it. A report, not a gate: what is larger has its reason."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

PACKAGE = Path(__file__).resolve().parents[1] / "patient_app"
LONG_FUNCTION, LONG_FILE = 40, 300
LEFT_OUT = frozenset({"migrations", "vendor"})
SUFFIXES = frozenset({".py", ".html", ".js", ".css"})


def files() -> dict[Path, int]:
    """Return every source file of the application with its lines; migrations are written once and left."""
    return {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for path in sorted(PACKAGE.rglob("*"))
        if path.suffix in SUFFIXES and not LEFT_OUT & set(path.relative_to(PACKAGE).parts)
    }


def functions(path: Path) -> Iterator[tuple[str, int, int]]:
    """Yield name, first line and number of lines of each function of a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1


def is_view(path: Path) -> bool:
    """Whether a module holds the functions that answer requests."""
    return path.stem.endswith("views") or path.stem == "machines"


def lines() -> list[str]:
    """Return the report, one line each: medians first, then what is long, the longest first."""
    sizes = files()
    found = [(path, *each) for path in sizes if path.suffix == ".py" for each in functions(path)]
    modules = {path: size for path, size in sizes.items() if path.suffix == ".py" and size}
    views = [length for path, _, _, length in found if is_view(path)]
    long_functions = sorted((each for each in found if each[3] > LONG_FUNCTION), key=lambda each: -each[3])
    long_files = sorted(((size, path) for path, size in sizes.items() if size > LONG_FILE), reverse=True)
    return [
        f"{len(found)} functions, median {median(length for *_, length in found):g} lines",
        f"{len(views)} in views, median {median(views):g} lines",
        f"{len(modules)} modules, median {median(modules.values()):g} lines, {sum(modules.values())} in all",
        f"{len(long_functions)} functions over {LONG_FUNCTION} lines",
        *(f"  {length:4}  {_short(path)}:{line} {name}" for path, name, line, length in long_functions),
        f"{len(long_files)} files over {LONG_FILE} lines",
        *(f"  {size:4}  {_short(path)}" for size, path in long_files),
    ]


def _short(path: Path) -> str:
    return str(path.relative_to(PACKAGE.parent))


if __name__ == "__main__":
    sys.stdout.write("\n".join([*lines(), ""]))
