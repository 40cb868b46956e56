"""Where the words stand that people read: templates, modules, reviewed content, scripts. Rules: learn/word_rules.py."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import yaml
from babel.messages import extract
from jinja2 import Environment, nodes

from patient_app.learn import library, lint
from patient_app.learn.word_rules import Text

PACKAGE = Path(__file__).resolve().parents[2] / "patient_app"
CONTENT = PACKAGE / "content"
TEMPLATES = PACKAGE / "templates"
CONSENT = "content/consent/"
MESSAGES = "content/messages/"
# The formulas and the rules are for English. A key under `words`, or what stands before `.txt`, names a language.
ENGLISH = "en"
_LANGUAGE = re.compile(r"[a-z]{2}(?:_[A-Z]{2})?")

KEYWORDS: dict[str, Any] = {
    "_": None,
    "_l": None,
    "_n": (1, 2),
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "lazy_pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def extracted(method: str, file: BinaryIO, name: str) -> Iterator[Text]:
    """Yield what Babel extracts from a template (`jinja2`) or a module (`python`), plurals included."""
    options = {"encoding": "utf-8", "silent": "false"} if method == "jinja2" else {}
    for line, messages, _comments, _context in extract.extract(method, file, KEYWORDS, options=options):
        for message in (messages,) if isinstance(messages, str) else messages:
            yield Text(name, line, message)


def gettext_texts() -> list[Text]:
    """Return every string that goes through gettext, of all templates and all modules."""
    found: list[Text] = []
    for suffix, method in ((".html", "jinja2"), (".txt", "jinja2"), (".py", "python")):
        for path in sorted(PACKAGE.rglob(f"*{suffix}")):
            if suffix == ".txt" and CONTENT in path.parents:
                continue
            with path.open("rb") as file:
                found += extracted(method, file, path.relative_to(PACKAGE).as_posix())
    return found


def content_texts(language: str = ENGLISH) -> list[Text]:
    """Return what is read by people of the reviewed files, in a language: help lines, messages, forms."""
    ours = library.ours().lessons
    found = [
        Text(f"content/lessons/{text.file}", text.line, text.words)
        for by_language in ours.values()
        for text in lint.texts_of(by_language[language])
    ]
    for path in sorted(CONTENT.rglob("*")):
        name = path.relative_to(PACKAGE).as_posix()
        if path.suffix in {".yaml", ".yml"}:
            texts = yaml_words(path.read_text(encoding="utf-8"), language)
        elif path.suffix == ".toml":
            texts = toml_words(path.read_text(encoding="utf-8"), language)
        elif path.suffix == ".txt" and language_of(path) == language:
            texts = _words_of_file(path.read_text(encoding="utf-8"))
        else:
            continue
        found += [Text(name, line, words) for line, words in texts]
    return found


def language_of(path: Path) -> str:
    """Return the language of a file of text, which stands before `.txt`; without one it is English."""
    before = path.with_suffix("").suffix.lstrip(".")
    return before if _LANGUAGE.fullmatch(before) else ENGLISH


def _words_of_file(text: str) -> Iterator[tuple[int, str]]:
    for number, words in _paragraphs(text):
        if words != "---" and not words.startswith(("version:", "translates:")):
            yield number, words


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Yield each paragraph with the number of its first line; an item of a list is a paragraph of its own."""
    collected: list[str] = []
    first = 1
    for number, line in enumerate([*text.splitlines(), ""], 1):
        starts_item = re.match(r"\d+\. |[-*] ", line) is not None
        if collected and (not line.strip() or starts_item):
            yield first, " ".join(collected)
            collected = []
        if line.strip():
            first = first if collected else number
            collected.append(line.strip())


def toml_words(text: str, language: str) -> Iterator[tuple[int, str]]:
    """Yield what an exercise says in one language: the value of that key, wherever it stands."""
    for words in _of_language(tomllib.loads(text), language):
        before = text.partition(json.dumps(words, ensure_ascii=False))[0]
        yield before.count("\n") + 1, words


def _of_language(node: object, language: str) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == language and isinstance(value, str):
                yield value
            else:
                yield from _of_language(value, language)
    elif isinstance(node, list):
        for value in node:
            yield from _of_language(value, language)


def yaml_words(text: str, language: str = ENGLISH) -> Iterator[tuple[int, str]]:
    """Yield what stands under `words` in one language: any other name of a language there is another one."""
    top = yaml.compose(text, Loader=yaml.SafeLoader)
    if top is not None:
        yield from _read_words(top, language, read=False)


def _read_words(node: yaml.Node, language: str, *, read: bool) -> Iterator[tuple[int, str]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if not read or key.value == language or not _LANGUAGE.fullmatch(key.value):
                yield from _read_words(value, language, read=read or key.value == "words")
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _read_words(value, language, read=read)
    elif read and isinstance(node, yaml.ScalarNode):
        yield node.start_mark.line + 1, str(node.value)


def spoken_literals(source: str, name: str) -> Iterator[Text]:
    """Yield the texts of two words or more in a module's literals: the invented people's notes."""
    tree = ast.parse(source)
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in documentation:
            continue
        if " " in node.value.strip():
            yield Text(name, node.lineno, node.value)


def demonstration_texts() -> list[Text]:
    """Return the words of the demonstration's invented people."""
    return [
        text
        for path in sorted((PACKAGE / "demo").glob("*.py"))
        for text in spoken_literals(path.read_text(encoding="utf-8"), path.relative_to(PACKAGE).as_posix())
    ]


def script_texts(source: str, name: str) -> Iterator[Text]:
    """Yield the texts of two words or more in a script."""
    for number, line in enumerate(source.splitlines(), 1):
        if line.lstrip().startswith(("//", "*", "/*", "import ")):
            continue
        for found in re.finditer(r"\"([^\"]*)\"|`([^`]*)`", line):
            words = found[1] or found[2] or ""
            if re.search(r"[A-Za-z]{2,} [a-z]{2,}", words):
                yield Text(name, number, words)


def calls_crisis_links(tree: nodes.Template) -> bool:
    """Whether a template calls `ui.crisis_links`, in code and not in a comment."""
    return any(
        (isinstance(call.node, nodes.Getattr) and call.node.attr == "crisis_links")
        or (isinstance(call.node, nodes.Name) and call.node.name == "crisis_links")
        for call in tree.find_all(nodes.Call)
    )


def title_texts(tree: nodes.Template, name: str) -> Iterator[Text]:
    """Yield the words of a template's title: its own block, else its heading."""
    blocks = {block.name: block for block in tree.find_all(nodes.Block)}
    block = blocks.get("title") or blocks.get("heading")
    if block is None:
        return
    for call in block.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in KEYWORDS:
            for argument in call.args:
                if isinstance(argument, nodes.Const) and isinstance(argument.value, str):
                    yield Text(name, call.lineno, argument.value)
    for data in block.find_all(nodes.TemplateData):
        yield Text(name, data.lineno, data.data)


def templates() -> dict[str, nodes.Template]:
    """Return every template, parsed."""
    environment = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
    return {
        path.relative_to(TEMPLATES).as_posix(): environment.parse(path.read_text(encoding="utf-8"))
        for path in sorted(TEMPLATES.rglob("*.html"))
    }
