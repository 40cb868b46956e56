"""The catalogues: what is taken from the code, what a language lacks, and the compiled file; see docs/translating.md.

A catalogue is `translations/LANGUAGE/LC_MESSAGES/messages.po`, with the compiled `messages.mo` beside it. Both are in
the repository, so that a clone speaks every language at once, whatever was run in it.
"""

from __future__ import annotations

import io
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml
from babel.core import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from patient_app.consent import form_text
from patient_app.core.i18n import TRANSLATIONS
from patient_app.learn import checking

PACKAGE = Path(__file__).resolve().parent
CONTENT = PACKAGE / "content"
# Words that a stranger may not read on a locked phone: a text is held to the lists of all languages.
LOCK_SCREEN = CONTENT / "rules" / "lock_screen.yaml"
# By which names the code asks for words; `c` marks the context, the numbers singular and plural.
KEYWORDS = {
    "_": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "lazy_pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
# Words of law and of danger: a person who speaks the language reads each of them before others rely on it.
NEEDS_REVIEW = "needs human review"
REVIEWED = "reviewed by "
OF_LAW_AND_DANGER = (
    "templates/safety/",
    "templates/supporting/",
    "templates/components/ui.html",
    "templates/sharing/",
    "templates/effects/_sign.html",
    "templates/effects/form.html",
    "templates/medications/_beside.html",
    "templates/medications/_unseen.html",
    "templates/follow_up/",
    "templates/worries/",
    "consent/",
    "safety/",
    "supporting/",
    "follow_up/",
)
# One day for all: the history of the file says when what was changed.
_DAY = datetime(2026, 11, 30, tzinfo=UTC)
_WIDTH = 110
_PLACE = re.compile(r"%\(\w+\)[sd]|%%")
_KEPT_TOGETHER = re.compile(r"https?://\S+|\b\d{3,}\b")


class NoSuchLanguage(Exception):
    """The name of a language is none that Babel knows."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a language lacks, each as one line that can be read."""

    language: str
    messages: int
    missing: tuple[str, ...]
    fuzzy: tuple[str, ...]
    wrong: tuple[str, ...]
    gone: tuple[str, ...]
    content: tuple[str, ...]
    to_review: int

    @property
    def complete(self) -> bool:
        """Whether everything is said, and said whole."""
        return not (self.missing or self.fuzzy or self.wrong or self.gone or self.content)


def languages() -> list[str]:
    """Return the languages that have a folder, by name."""
    return sorted(path.name for path in TRANSLATIONS.iterdir() if path.is_dir()) if TRANSLATIONS.is_dir() else []


def po_path(language: str) -> Path:
    """Return where the catalogue of a language is written."""
    return TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"


def extracted() -> Catalog:
    """Return every message of the code and the templates, with the files it stands in."""
    found = Catalog(project="Tandem", creation_date=_DAY)
    taken = extract_from_dir(
        PACKAGE, METHODS, keywords=KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
    )
    for name, line, message, comments, context in taken:
        if not name.startswith(("content/", "migrations/", "styleguide/", "templates/styleguide/")):
            found.add(message, None, [(name, line)], auto_comments=comments, context=context)
    return found


def read(language: str) -> Catalog:
    """Return a catalogue as it is written; an empty one where there is none yet."""
    try:
        Locale.parse(language)
    except (UnknownLocaleError, ValueError) as error:
        raise NoSuchLanguage(f"{language} is no language that is known; write it like es or pt_BR.") from error
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language, project="Tandem", creation_date=_DAY, revision_date=_DAY)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(language: str) -> Report:
    """Bring the catalogue to what the code says now, compile it, and report. What was translated stays as it is.

    A message whose English changed is a new one, and untranslated: nothing is guessed.
    """
    catalogue = updated(language)
    po_path(language).parent.mkdir(parents=True, exist_ok=True)
    po_path(language).write_bytes(written(catalogue))
    po_path(language).with_suffix(".mo").write_bytes(compiled(catalogue))
    return report(language)


def updated(language: str) -> Catalog:
    """Return the catalogue as `update` writes it."""
    catalogue = read(language)
    catalogue.update(extracted(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.project, catalogue.version, catalogue.fuzzy = "Tandem", "1", False
    catalogue.msgid_bugs_address = catalogue.last_translator = ""
    catalogue.language_team = Locale.parse(language).english_name or language
    catalogue.creation_date = catalogue.revision_date = _DAY
    catalogue.header_comment = f"# {Locale.parse(language).english_name}: see docs/translating.md."
    for message in catalogue:
        message.locations = sorted({(name, 0) for name, _line in message.locations})
        if message.id and _is_of_law_or_danger(message) and not message.user_comments:
            message.user_comments.append(NEEDS_REVIEW)
    return catalogue


def written(catalogue: Catalog) -> bytes:
    """Return a catalogue as a file of text."""
    file = io.BytesIO()
    write_po(file, catalogue, width=_WIDTH, sort_by_file=True, include_lineno=False)
    return file.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """Return a catalogue as the application reads it."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def report(language: str) -> Report:
    """Return what a language lacks, of the code as it is now and of the reviewed content."""
    catalogue, code = read(language), extracted()
    wanted = {_key(message): message for message in code if message.id}
    there = {_key(message): message for message in catalogue if message.id}
    both = [there[key] for key in wanted if key in there]
    return Report(
        language,
        len(wanted),
        missing=tuple(_shown(message) for key, message in wanted.items() if not _is_said(there.get(key))),
        fuzzy=tuple(_shown(message) for message in both if message.fuzzy),
        wrong=tuple(problem for message in both if _is_said(message) for problem in wrong_places(message)),
        gone=tuple(_shown(message) for key, message in there.items() if key not in wanted),
        content=tuple(content_without(language)),
        to_review=sum(NEEDS_REVIEW in message.user_comments for message in both),
    )


def wrong_places(message: Message) -> Iterator[str]:
    """Yield what is not the same in a translation: its places, its numbers of three digits or more, its addresses."""
    ids, strings = _forms(message.id), _forms(message.string)
    for string in strings:
        allowed = {tuple(sorted(_PLACE.findall(one))) for one in ids}
        if tuple(sorted(_PLACE.findall(string))) not in allowed:
            yield f"{_shown(message)}: other places in {string!r}"
        lost = set(_KEPT_TOGETHER.findall(ids[-1])) - set(_KEPT_TOGETHER.findall(string))
        if lost:
            yield f"{_shown(message)}: without {', '.join(sorted(lost))} in {string!r}"
        if (string[:1].isspace(), string[-1:].isspace()) != (ids[0][:1].isspace(), ids[0][-1:].isspace()):
            yield f"{_shown(message)}: other spaces around {string!r}"


def pairs(message: Message) -> list[tuple[str, str]]:
    """Return each form of a message with its translation."""
    return list(zip(_forms(message.id), _forms(message.string), strict=False))


def content_without(language: str) -> Iterator[str]:
    """Yield what of the reviewed content has no words in a language: the page then shows English."""
    for path in sorted(CONTENT.rglob("*.yaml")):
        lacking = sum(1 for words in _worded(yaml.safe_load(path.read_text(encoding="utf-8"))) if language not in words)
        if lacking:
            yield f"{path.relative_to(CONTENT).as_posix()}: {lacking} without words"
    for path in sorted((CONTENT / "exercises").glob("*.toml")):
        if any(language not in words for words in _said(tomllib.loads(path.read_text(encoding="utf-8")))):
            yield f"exercises/{path.name}: without words"
    yield from (f"lessons/{line}" for line in checking.missing(None, language))
    for path in sorted((CONTENT / "messages").glob("*.txt")):
        if "." not in path.stem and not path.with_name(f"{path.stem}.{language}.txt").exists():
            yield f"messages/{path.stem}.{language}.txt is not there"
    yield from _consent_without(language)
    forbidden = yaml.safe_load(LOCK_SCREEN.read_text(encoding="utf-8"))
    lists = [key for key, words in forbidden.items() if _is_by_language(words) and language not in words]
    if lists:
        yield f"rules/{LOCK_SCREEN.name}: {' and '.join(lists)} without words"


def _consent_without(language: str) -> Iterator[str]:
    """Yield which translations that stand beside the forms and the notice are not there, or are of an older form."""
    forms = [path.name.removesuffix(".en.txt") for path in sorted(form_text.FORMS.glob("*.en.txt"))]
    for name in (*forms, "notice"):
        path = form_text.FORMS / f"{name}.{language}.txt"
        if not path.exists():
            yield f"consent/{path.name} is not there"
        elif name in forms and form_text.translated(name, language) is None:
            yield f"consent/{path.name} is of an older version than consent/{name}.en.txt"


def _is_by_language(words: object) -> bool:
    return isinstance(words, dict) and "en" in words


def _worded(node: object) -> Iterator[dict[str, object]]:
    if isinstance(node, dict):
        words = node.get("words")
        if isinstance(words, dict) and "en" in words:
            yield words
        for value in node.values():
            yield from _worded(value)
    elif isinstance(node, list):
        for value in node:
            yield from _worded(value)


def _said(node: object) -> Iterator[dict[str, object]]:
    """Yield each text of an exercise: what is written in English stands beside the other languages."""
    if isinstance(node, dict):
        if isinstance(node.get("en"), str):
            yield node
        for value in node.values():
            yield from _said(value)
    elif isinstance(node, list):
        for value in node:
            yield from _said(value)


def _is_of_law_or_danger(message: Message) -> bool:
    return any(name.startswith(OF_LAW_AND_DANGER) for name, _line in message.locations)


def _key(message: Message) -> tuple[str, str]:
    return _forms(message.id)[0], message.context or ""


def _is_said(message: Message | None) -> bool:
    said = [] if message is None else _forms(message.string)
    return bool(said) and all(string.strip() for string in said)


def _forms(words: str | Iterable[str] | None) -> list[str]:
    return [words] if isinstance(words, str) else list(words or ())


def _shown(message: Message) -> str:
    return repr(_forms(message.id)[0])
