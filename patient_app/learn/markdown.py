"""The Markdown of a lesson: paragraphs, lists, emphasis and links of a few kinds. Anything else is refused.

The text is read by markdown-it-py; what is written into a page is made here, of escaped words alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from patient_app.learn.facts import Link

MARK = re.compile(r"\s*\[(\d{1,2})\]")
_READER = MarkdownIt("commonmark")  # With HTML among its tokens, so that it can be refused.
_BLOCKS = frozenset({"paragraph_open", "paragraph_close", "list_item_open", "list_item_close"})
_AROUND = {
    "bullet_list_open": Markup("<ul>"),
    "bullet_list_close": Markup("</ul>"),
    "list_item_open": Markup("<li>"),
    "list_item_close": Markup("</li>"),
    "strong_open": Markup("<strong>"),
    "strong_close": Markup("</strong>"),
    "em_open": Markup("<em>"),
    "em_close": Markup("</em>"),
}
_NAMES = {
    "html_block": "HTML",
    "html_inline": "HTML",
    "image": "a picture",
    "ordered_list_open": "a numbered list",
    "fence": "code",
    "code_block": "code",
    "code_inline": "code",
    "hr": "a line across",
    "blockquote_open": "a quotation",
    "hardbreak": "a line break",
}


class WrongMarkdown(Exception):
    """Something stands in a text that lessons do not have; the message names it, `line` says where."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass
class Part:
    """What stands under one heading: as HTML, as plain text by block, with its links."""

    heading: str
    line: int
    html: Markup = field(default_factory=Markup)
    blocks: list[str] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


def read(text: str, first_line: int, address_of: Callable[[str, int], str]) -> list[Part]:
    """Return the parts of a text, each begun by a heading of the second level.

    `address_of` gets where a link leads and its line, and returns its address. Raise `WrongMarkdown`.
    """
    parts: list[Part] = []
    tokens = _READER.parse(text)
    line = first_line
    for number, token in enumerate(tokens):
        if token.map:
            line = first_line + token.map[0]
        if token.type == "heading_open":
            if token.tag != "h2":
                raise WrongMarkdown("only headings with ## are used", line)
            parts.append(Part(tokens[number + 1].content.strip(), line))
        elif token.type == "heading_close" or (token.type == "inline" and tokens[number - 1].type == "heading_open"):
            continue
        elif not parts:
            raise WrongMarkdown("words stand before the first heading", line)
        else:
            _add(parts[-1], token, line, address_of)
    return parts


def _add(part: Part, token: Token, line: int, address_of: Callable[[str, int], str]) -> None:
    if token.type == "inline":
        html, plain, links = _inline(token.children or [], line, address_of)
        part.html += html
        part.blocks.append(plain)
        part.links += links
    elif token.type in {"paragraph_open", "paragraph_close"}:
        if not token.hidden:  # Those of a tight list are.
            part.html += Markup("<p>") if token.type == "paragraph_open" else Markup("</p>")
    elif token.type in _AROUND:
        part.html += _AROUND[token.type]
    else:
        raise WrongMarkdown(f"{_NAMES.get(token.type, token.type)} is not used in lessons", line)


def _inline(
    children: Sequence[Token], line: int, address_of: Callable[[str, int], str]
) -> tuple[Markup, str, list[Link]]:
    html, plain, links = Markup(), "", []
    open_link: tuple[str, str, int] | None = None  # Where it leads, its address, and where its words begin.
    for token in children:
        if token.type == "text" and "](" in token.content:
            raise WrongMarkdown("a link is not written as [words](where)", line)
        if token.type == "text":
            html += _with_marks(token.content)
            plain += token.content
        elif token.type == "softbreak":
            html, plain, line = html + "\n", plain + " ", line + 1
        elif token.type == "link_open":
            to = str(token.attrGet("href") or "")
            open_link = to, address_of(to, line), len(plain)
            html += Markup('<a href="{}">').format(open_link[1])
        elif token.type == "link_close" and open_link is not None:
            links.append(Link(plain[open_link[2] :].strip(), open_link[0], open_link[1]))
            html, open_link = html + Markup("</a>"), None
        elif token.type in _AROUND:
            html += _AROUND[token.type]
        else:
            raise WrongMarkdown(f"{_NAMES.get(token.type, token.type)} is not used in lessons", line)
    return html, plain, links


def _with_marks(text: str) -> Markup:
    """Return a text with its marks of sources set small; they follow without a space."""
    return Markup().join(_pieces(text))


def _pieces(text: str) -> Iterator[Markup]:
    at = 0
    for mark in MARK.finditer(text):
        yield escape(text[at : mark.start()])
        yield Markup("<sup>{}</sup>").format(mark[1])
        at = mark.end()
    yield escape(text[at:])
