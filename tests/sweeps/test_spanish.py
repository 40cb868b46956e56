"""Every page in Spanish, after the same process drew it in English: no word of the other language stands on it.

What goes through gettext is asked of the pseudo-language (test_house_rules.py). Here it is asked that the words come
out, also where parts of a page are kept drawn, and that what was drawn for one language is never shown in the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy

import pytest
import yaml
from sqlalchemy import text

from patient_app import translating
from patient_app.core.work import db
from tests.page import Page, heading_and_title, visible_texts
from tests.sweeps import access_table
from tests.sweeps.conftest import Stage, staged
from tests.sweeps.world import QUERIES, World

SITUATIONS = ("anonymous", "owner", "s-with", "c-with", "admin")
# Shorter than this, a piece of a sentence may stand anywhere.
SHORTEST_PIECE = 14
# What people wrote or are called in the world of the sweeps, and words of a document's own.
DATA = frozenset({"Kim", "English", "Chart", "test", "support"})
_PLACES = re.compile(r"%\(\w+\)[sd]")


@pytest.fixture(scope="module")
def spoken(original_world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(original_world, tmp_path_factory.mktemp("spanish") / "instance") as found:
        yield found


def _pairs() -> Iterator[tuple[str, str]]:
    """Yield every text of ours in English and in Spanish, where the two are not the same."""
    for message in translating.read("es"):
        if message.id:
            yield from translating.pairs(message)
    for path in translating.CONTENT.rglob("*.yaml"):
        for words in translating._worded(yaml.safe_load(path.read_text(encoding="utf-8"))):
            yield from zip(_strings(words["en"]), _strings(words["es"]), strict=False)


def _strings(node: object) -> list[str]:
    if isinstance(node, str):
        return [node]
    parts = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [each for part in parts for each in _strings(part)]


class Wrong:
    """Finds words of a language that should not stand on a page."""

    def __init__(self, which: int) -> None:
        unlike = [pair for pair in _pairs() if pair[0] != pair[1]]
        right = {pair[1 - which] for pair in unlike} | DATA
        self.whole = {pair[which] for pair in unlike} - right
        pieces = {
            piece.strip()
            for pair in unlike
            if _PLACES.search(pair[which])
            for piece in _PLACES.split(pair[which])
            if len(piece.strip()) >= SHORTEST_PIECE
        }
        everything = "\n".join(right)
        self.pieces = re.compile("|".join(re.escape(piece) for piece in sorted(pieces) if piece not in everything))

    def on(self, page: Page) -> list[str]:
        """Return the texts of a page that are in the wrong language."""
        document = deepcopy(page.document)  # A page is parsed once for all tests.
        for element in document.iter():
            if element.get("translate") == "no" or (element.tag != "html" and element.get("lang")):
                for part in element.iter():
                    part.text = part.tail = "" if part is not element else part.tail
                element.text = ""
        return [told for told in visible_texts(document) if told in self.whole or self.pieces.search(told)]


def _walk(stage: Stage, language: str, wrong: Wrong) -> list[str]:
    with stage.store.work(writes=True):
        db().execute(text("UPDATE person SET language = :language"), {"language": language})
    problems = []
    for situation in SITUATIONS:
        client = stage.client(situation)
        for rule, method in access_table.routes(stage.app):
            if method == "GET":
                query = dict(QUERIES.get(rule.rule, {})) | ({"language": language} if situation == "anonymous" else {})
                page: Page = client.open(stage.world.address(rule), query_string=query)
                if page.is_page:
                    told = [] if page.one("html").get("lang") == language else ["another lang"]
                    told += heading_and_title(page)
                    told += wrong.on(page)
                    problems += [f"{situation} {rule.rule}: {words[:100]}" for words in told]
    return problems


def test_no_page_mixes_languages_however_the_process_spoke_before(spoken: Stage) -> None:
    english, spanish = Wrong(0), Wrong(1)
    problems = _walk(spoken, "en", spanish)
    problems += _walk(spoken, "es", english)
    problems += _walk(spoken, "en", spanish)
    assert not problems, "\n".join(sorted(set(problems)))


def test_a_planted_word_of_the_other_language_is_seen(spoken: Stage) -> None:
    page = spoken.client("anonymous").get("/help?language=es")
    page.set_data("<!DOCTYPE html><html lang='es'><title>x</title><h1>Help now</h1><p>Step 2 of 3</p><p>Ayuda ya</p>")
    assert Wrong(0).on(page) == ["Help now"]
    page = spoken.client("anonymous").get("/help")
    page.set_data("<!DOCTYPE html><html lang='en'><title>x</title><h1>Ayuda ya</h1><p>Last changed on today.</p>")
    assert Wrong(1).on(page) == ["Ayuda ya"]
