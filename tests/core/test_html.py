"""The parser of the tests: as strict as html5lib, and the same trees."""

from __future__ import annotations

import html5lib
import pytest
from html5lib.html5parser import ParseError

from tests.html import parse
from tests.page import text_of

PAGE = """<!DOCTYPE html>
<html lang="en">
<head><title>{title}</title><meta name='x' content='{{"a":"b"}}'></head>
<body>
<table><tr><td>{cell}</td></tr></table>
<textarea name="n">
{words}</textarea><svg viewBox="0 0 1 1"><use href="#a" /></svg>
<p class="{name}">One <b>two</b> three<br>four</p><!-- five -->
</body>
</html>
"""
GOOD = {"title": "A", "cell": "1", "words": "\nmine", "name": "x"}


def strictly(html: str) -> str:
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False)
    return drawn(parser.parse(html))


def drawn(tree: object) -> str:
    return "\n".join(
        f"{element.tag} {sorted(element.attrib.items())} {element.text or ''!r} {element.tail or ''!r}"
        for element in tree.iter()  # type: ignore[attr-defined]
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"words": "\n\n&lt;script&gt; &amp; &#39;yours&#39;"},
        {"title": "B &quot;quoted&quot;", "cell": "  ", "name": "a &amp; b"},
        {"cell": "مرحبا 👩🏽‍🚀", "words": "&eacute; is odd"},
        {"cell": "<i>1</i>", "words": ""},
    ],
)
def test_a_page_of_a_known_shape_gives_the_tree_of_the_strict_parser(changes: dict[str, str]) -> None:
    parse(PAGE.format(**GOOD))
    html = PAGE.format(**GOOD | changes)
    assert drawn(parse(html)) == strictly(html)
    assert text_of(parse(html)).startswith(("A", "B"))


@pytest.mark.parametrize(
    "changes",
    [
        {"cell": "</b>"},
        {"cell": "&nothing;"},
        {"cell": "a < b"},
        {"words": "\x00"},
        {"name": 'x" class="y'},
        {"cell": "<p><div></p></div>"},
        {"cell": "<b>"},
    ],
)
def test_what_is_not_valid_is_refused_in_a_page_of_a_known_shape_too(changes: dict[str, str]) -> None:
    parse(PAGE.format(**GOOD))
    with pytest.raises(ParseError):
        parse(PAGE.format(**GOOD | changes))
