"""Every prepared statement of the application can be laid out for SQLite, whatever it will be asked with."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

from sqlalchemy.dialects import sqlite

import patient_app
from patient_app.core.prepared import Prepared


def _prepared() -> Iterator[tuple[str, Prepared]]:
    for module in pkgutil.walk_packages(patient_app.__path__, "patient_app."):
        if ".versions" in module.name or module.name.endswith((".env", ".__main__")):
            continue
        names = vars(importlib.import_module(module.name))
        for name, value in list(names.items()):
            for one in _all_of(value):
                yield f"{module.name}.{name}", one


def _all_of(value: Any) -> list[Prepared]:
    if isinstance(value, Prepared):
        return [value]
    if isinstance(value, dict):
        value = tuple(value.values())
    return [one for one in value if isinstance(one, Prepared)] if isinstance(value, (tuple, list)) else []


def test_no_prepared_statement_holds_a_list_of_its_own() -> None:
    """Such a list has no name by which its values are given: the statement would fail whenever it is asked."""
    found = dict(_prepared())
    assert len(found) > 20
    for name, one in found.items():
        compiled: Any = one.statement.compile(dialect=sqlite.dialect())
        own = [bind.key for bind in compiled.binds.values() if bind.expanding and bind.unique]
        assert own == [], name
