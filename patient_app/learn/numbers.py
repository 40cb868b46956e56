"""Numbers in the words of lessons, in digits or written out: which there are, so that two languages can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from patient_app.learn.markdown import MARK

# Numbers to call, and the name of the law, say no amount.
CALLED = re.compile(r"\b(?:988|911|741741|1-800-\d{3}-\d{4}|9-8-8|42 CFR (?:Part|Parte) 2)\b")
_VALUES = (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 20, 30, 40, 50, 60, 70, 80, 90, 100, 1000)
_ENGLISH = (
    "two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty seventy eighty "
    "ninety hundred thousand"
)
_SPANISH = (
    "dos tres cuatro cinco seis siete ocho nueve diez once doce quince veinte treinta cuarenta cincuenta sesenta "
    "setenta ochenta noventa cien mil"
)
WRITTEN: Mapping[str, Mapping[str, int]] = {
    "en": dict(zip(_ENGLISH.split(), _VALUES, strict=True)),
    "es": dict(zip(_SPANISH.split(), _VALUES, strict=True)),
}
# "Both of you" is "los dos": two is compared only where it counts one of these.
TWO = 2
_COUNTED = {
    "en": re.compile(r"(?:(?:to|or|and|more) \S+ )?(?:seconds?|minutes?|hours?|days?|nights?|weeks?|months?|years?)\b"),
    "es": re.compile(r"(?:(?:a|o|u|y) \S+ )?(?:segundos?|minutos?|horas?|días?|noches?|semanas?|mes(?:es)?|años?)\b"),
}
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")


def numbers_in(texts: Iterable[str], language: str) -> list[int]:
    """Return the numbers of texts in a language of `WRITTEN`, sorted; of a decimal number its digits alone."""
    found = []
    for text in texts:
        bare = CALLED.sub(" ", MARK.sub(" ", text)).casefold()
        for token in _TOKEN.finditer(bare):
            digits = re.sub(r"[.,]", "", token[0])
            number = int(digits) if digits.isdecimal() else WRITTEN[language].get(token[0])
            if number is None or (number == TWO and not _COUNTED[language].match(bare[token.end() :].lstrip())):
                continue
            found.append(number)
    return sorted(found)
