"""What an application compiles of its files, kept for all applications of one process, and of those forked from it.

Of another source, another is compiled: nothing that a test could see differs.
"""

from __future__ import annotations

from typing import Any

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

_compile_builder = Rule._compile_builder
_builders: dict[tuple[object, ...], Any] = {}


class CompiledOnce(BytecodeCache):
    """Keeps compiled templates for all applications of one process; of another source, another is compiled."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what is kept; the bucket itself looks whether it is of this source."""
        if kept := self._kept.get(bucket.key):
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


def _compiled_once(rule: Rule, append_unknown: bool = True) -> Any:
    address = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
    if address not in _builders:
        _builders[address] = _compile_builder(rule, append_unknown)
    return _builders[address]


def compile_once() -> None:
    """Have every application that is made from now on take what is there already.

    Hundreds of tests make an application of their own: compiling its templates would take a third of their time, and
    the functions that werkzeug compiles for each address another fifth.
    """
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": CompiledOnce()}
    Rule._compile_builder = _compiled_once  # type: ignore[assignment, method-assign]
