"""A strict parser of HTML for tests, made fast: pages of one shape are parsed strictly once.

html5lib refuses what is not valid, and takes a tenth of a second for a large page. What it objects to follows from a
page's shape: its tags, their attributes, and characters that stand where no plain text may. So the first page of a
shape is parsed strictly, and by a small parser too that trusts it; where both make the same tree of it, the next pages
of that shape are parsed by the small one alone. Where they do not, and where a text holds anything odd, html5lib does.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from xml.etree.ElementTree import Element

import html5lib

VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
_SVG = "{http://www.w3.org/2000/svg}"
_NAMES = {"xlink:href": "{http://www.w3.org/1999/xlink}href"}
_QUOTED = r"""(?:"[^"]*"|'[^']*')"""
_PIECE = re.compile(rf"<(?:(/?)([a-zA-Z][^\s/>]*)((?:\s[^\"'<>]*(?:{_QUOTED}[^\"'<>]*)*)?/?)>|![^>]*>)|([^<]+)")
_ATTRIBUTE = re.compile(rf"([^\s=\"'/]+)(?:=({_QUOTED}))?")
# A character reference that is none of these, or a character that no text may hold: not decided by the shape.
_ODD = re.compile(
    r"&(?!(?:amp|lt|gt|quot|nbsp|#34|#39);)|<(?![a-zA-Z/!])|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef]"
    r"|[\ufffe\uffff\U0001fffe\U0001ffff]"
)
_TEXT = re.compile(r">[^<]+")
_VALUE = re.compile(f"={_QUOTED}")

_good_shapes: set[str] = set()
_strict_shapes: set[str] = set()


@lru_cache(maxsize=64)
def parse(html: str) -> Element:
    """Return the tree of a page as html5lib makes it, which nobody changes; raise `ParseError` for what is wrong."""
    if _ODD.search(html):
        return _strictly(html)
    shape = _TEXT.sub(_is_space, _VALUE.sub("=", html))
    if shape in _good_shapes:
        return _quickly(html)
    tree = _strictly(html)
    if shape not in _strict_shapes:
        (_good_shapes if _same(tree, _quickly(html)) else _strict_shapes).add(shape)
    return tree


def _is_space(text: re.Match[str]) -> str:
    """Return what stands for a text: where only spaces stand, something else may be allowed than where words do."""
    return ">" if text[0][1:].isspace() else ">."


def _strictly(html: str) -> Element:
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False)
    tree: Element = parser.parse(html)
    return tree


def _quickly(html: str) -> Element:
    return _Quick().read(html)


class _Quick:
    """Makes a tree of valid HTML whose every element is closed."""

    def __init__(self) -> None:
        self.root = Element("html")
        self.open: list[Element] = [self.root]
        self.newest: Element | None = None  # The child after which text stands; None: at the start of its parent.

    def read(self, html: str) -> Element:
        """Return the tree."""
        for found in _PIECE.finditer(html):
            close, tag, attributes, text = found.group(1, 2, 3, 4)
            if text is not None:
                self._text(text)
            elif tag is None:
                continue  # A comment, or the first line.
            elif close:
                self._end(tag)
            else:
                self._start(tag, attributes)
        return self.root

    def _start(self, tag: str, attributes: str) -> None:
        given = {
            _NAMES.get(name, name): unescape(value[1:-1]) if "&" in value else value[1:-1]
            for name, value in _ATTRIBUTE.findall(attributes)
        }
        if tag == "html":
            self.root.attrib.update(given)
            return
        if tag == "tr" and self.open[-1].tag == "table":
            self._add(Element("tbody"))
        inside = self.open[-1].tag.startswith(_SVG)
        self._add(Element(_SVG + tag if inside or tag == "svg" else tag, given))
        if tag in VOID or attributes.endswith("/"):
            self.newest = self.open.pop()

    def _end(self, tag: str) -> None:
        if tag in {"html", "body"}:
            return  # What follows belongs to the body.
        if tag == "table" and self.open[-1].tag == "tbody":
            self.open.pop()
        self.newest = self.open.pop()

    def _text(self, text: str) -> None:
        if self.open == [self.root] and (self.newest is None or self.newest.tag == "body"):
            return  # Spaces before the head.
        if "&" in text:
            text = unescape(text)
        if self.newest is not None:
            self.newest.tail = (self.newest.tail or "") + text
            return
        parent = self.open[-1]
        if not parent.text and parent.tag in {"textarea", "pre"}:
            text = text.removeprefix("\n")
        parent.text = (parent.text or "") + text

    def _add(self, element: Element) -> None:
        self.open[-1].append(element)
        self.open.append(element)
        self.newest = None


def _same(one: Element, other: Element) -> bool:
    return (
        one.tag == other.tag
        and one.attrib == other.attrib
        and (one.text or "") == (other.text or "")
        and (one.tail or "") == (other.tail or "")
        and len(one) == len(other)
        and all(map(_same, one, other))
    )
