"""Holds that each number in a lesson rests on a source, or is said to claim nothing.

A sentence with a number, in digits or in words, ends with the mark of its source. A heading carries no mark, so with a
number it needs one in the words below it; a title, a content note and a choice can have none, so they name no number.
What is an instruction or a size and no finding ("for two minutes") stands in `no_claims` of the file, each with its
reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from patient_app.learn.facts import Lesson, NoClaim, Section
from patient_app.learn.markdown import MARK
from patient_app.learn.numbers import CALLED, WRITTEN

# A number that claims something.
_ENGLISH = rf"(?:{'|'.join(WRITTEN['en'])}|a hundred|hundreds of|a thousand|thousands of)"
_SPANISH = rf"(?:{'|'.join(WRITTEN['es'])}|cientos de|miles de)"
# Written out, a number counts where it counts time or people: "three lines" of a list claim nothing.
_OF_TIME = r"(?:seconds?|minutes?|hours?|days?|nights?|weeks?|months?|years?|times|people|adults|patients)"
_DE_TIEMPO = r"(?:segundos?|minutos?|horas?|días?|noches?|semanas?|mes(?:es)?|años?|veces|personas|adultos|pacientes)"
CLAIM = re.compile(
    r"\d|\bper ?cent\b|\bpor ciento\b"
    # Parts: a half, a third, nine cases out of ten. "Half asleep" and "half a plan" count nothing.
    r"|\bhalf\b(?! (?:asleep|awake|full|empty|way|a (?!day|year|minute|million)))|\bhalves\b|\bla mitad\b"
    r"|\b(?:a|one) (?:third|quarter|fifth|tenth) of\b|\b(?:un tercio|un cuarto|la tercera parte|la cuarta parte) de\b"
    r"|\b(?:one|two|three|four|five) (?:in|of|out of) (?:two|three|four|five|ten|twenty)\b"
    rf"|\b(?:one|{_ENGLISH}) (?:\w+ ){{0,3}}(?:out of|in every|of every) (?:every )?{_ENGLISH}\b"
    rf"|\bde cada {_SPANISH}\b|\b{_SPANISH} (?:\w+ )?(?:de|entre) {_SPANISH}\b"
    # Times as much.
    r"|\btwice (?:as|the)\b|\b(?:doubl|tripl)(?:es|ed|ing)\b|\b(?:two|three|four|five|ten)fold\b|\bdouble the\b"
    r"|\b(?:can|may|might|could|will|would) (?:double|triple|halve)\b"
    r"|\bel (?:doble|triple)\b|\b(?:du|tri)plic(?:a|an|ó|aron|ar|arse|ando)\b"
    # How long, where it is one.
    r"|\b(?:after|within|in) (?:about )?(?:a|one) (?:week|month|year)\b|\bwithin (?:an?|one) (?:hour|day)\b"
    r"|\bafter one (?:hour|day|night)\b"
    r"|\b(?:después de|dentro de|tras|en|en menos de|al cabo de|antes de) una? (?:semana|mes|año)\b"
    rf"|\b{_ENGLISH} (?:(?:to|or|and) \w+ )?(?:more )?{_OF_TIME}\b"
    rf"|\b{_SPANISH} (?:(?:a|o|u|y) \w+ )?{_DE_TIEMPO}\b",
    re.IGNORECASE,
)
_ENDS = re.compile(r"(?<=[.?…])(?P<marks>(?:\s*\[\d{1,2}\])*)(?:\s+|$)")


def of_lesson(lesson: Lesson) -> Iterator[str]:
    """Yield what is wrong with the numbers and the sources of a lesson."""
    for section in lesson.sections:
        yield from _of_section(section, lesson)
    for words in (lesson.title, lesson.content_note, *(choice.label for choice in lesson.choices)):
        if is_unsourced(words, lesson.no_claims):
            yield f": {words!r} claims a number where no source can stand\n    instead: say it in a section"
    known = {source.id for source in lesson.sources}
    used = {int(number) for section in lesson.sections for block in section.blocks for number in MARK.findall(block)}
    for number in sorted(known - used):
        yield f": source {number} is not used\n    instead: mark what rests on it, or take it out"
    yield from _of_no_claims(lesson)


def _of_section(section: Section, lesson: Lesson) -> Iterator[str]:
    known, where = {source.id for source in lesson.sources}, f":{section.line}"
    for block in section.blocks:
        for number in sorted({int(number) for number in MARK.findall(block)} - known):
            yield f"{where}: [{number}] names no source"
        for sentence in sentences(block):
            if is_unsourced(sentence, lesson.no_claims):
                yield f"{where}: a number without its source: {sentence!r}\n    instead: end it with [1]"
    if MARK.search(section.heading):
        yield f"{where}: a heading carries no mark"
    elif is_unsourced(section.heading, lesson.no_claims) and not any(MARK.search(block) for block in section.blocks):
        yield f"{where}: a number, and no source below it: {section.heading!r}\n    instead: a sentence with its mark"


def _of_no_claims(lesson: Lesson) -> Iterator[str]:
    every = "\n".join(lesson.words)
    for one in lesson.no_claims:
        if one.words not in every:
            yield f": no_claims names {one.words!r}, which it does not say\n    instead: take it out of no_claims"
        elif CLAIM.search(one.words) is None:
            yield f": no_claims names {one.words!r}, which holds no number\n    instead: take it out of no_claims"


def sentences(block: str) -> list[str]:
    """Return the sentences of a block, each with the marks that follow it."""
    found, at = [], 0
    for end in _ENDS.finditer(block):
        found.append(block[at : end.end("marks")].strip())
        at = end.end()
    return [sentence for sentence in [*found, block[at:].strip()] if sentence]


def is_unsourced(sentence: str, no_claims: Iterable[NoClaim] = ()) -> bool:
    """Whether a sentence claims a number and has no mark of a source; `no_claims` are words that claim nothing."""
    bare = CALLED.sub(" ", MARK.sub(" ", sentence))
    for one in no_claims:
        bare = bare.replace(one.words, " ")
    return CLAIM.search(bare) is not None and MARK.search(sentence) is None
