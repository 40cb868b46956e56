"""How hard a text is to read: two published school grades over one set of counts.

What is counted, and why:

* A *sentence* ends with a full stop, question mark or exclamation mark (McLaughlin's rule). A heading, a button, a
  label and an item of a list stand alone on a page and are sentences of their own. Because many short labels would make
  a page look plainer than its prose is, callers measure the prose alone as well (`prose`).
* A run of five or more short parts with commas is a list set as a line; its parts are sentences (SMOG's rules again).
* A *word* is what stands between spaces. Hyphenated words are one word (SMOG's rules); the parts' syllables add up.
* A *figure* (988, 10:30) is a word of one syllable. Flesch advised to leave lengthy figures out of the count of
  syllables; SMOG would pronounce them, which would punish `988` for being a number and not a word.
* Addresses of pages and e-mail are not words: nobody reads them aloud.
* Names of medicines are exempt: a person has to meet them as they stand on the box. They count as plain words. They are
  the names of the catalogue, one word of each.
* A month is part of a date, which is a figure: a page is as plain in November as in May.
* Other proper names and abbreviations count: abbreviations are spelled, letter by letter.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from patient_app.medications import catalogue

# Below this many words a text has too few sentences for either formula to mean anything.
MEASURED_FROM = 100
SMOG_SENTENCES = 30
POLYSYLLABLE = 3
LIST_PARTS = 5
LIST_PART_WORDS = 3

MEDICINES = frozenset(
    word.lower()
    for medicine in catalogue.every()
    for name in (*medicine.ingredients, *medicine.brands)
    for word in name.split()[:1]
) | {"valproate"}

MONTHS = frozenset(["january", "february", "april", "august", "september", "october", "november", "december"])

_ABBREVIATED = re.compile(r"\b(Dr|Mr|Mrs|Ms|St|No|vs|a\.m|p\.m|e\.g|i\.e)\.", re.IGNORECASE)
_ENDS = re.compile(r"(?<=[.!?…])[”’\"')\]]*\s+")
_CLOSED = re.compile(r"[.!?…][”’\"')\]]*$")
_SEPARATORS = re.compile(r"[,;:]\s+|\s+·\s+")
_ADDRESS = re.compile(r"\S*(?:@|://|www\.)\S*|\b[\w-]+\.(?:org|gov|com|net|example)\b\S*")
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*(?:[.:,/][0-9]+)*")


@dataclass(frozen=True, slots=True)
class Counts:
    """What both formulas are computed from."""

    sentences: int
    words: int
    syllables: int
    polysyllables: int

    @property
    def measured(self) -> bool:
        """Whether the text is long enough to be measured."""
        return self.words >= MEASURED_FROM


def sentences_of(blocks: Iterable[str]) -> list[str]:
    """Return the sentences of blocks that stand alone on a page."""
    found = []
    for block in blocks:
        text = _ABBREVIATED.sub(r"\1", _ADDRESS.sub(" ", block))
        found += [part for part in _ENDS.split(text.strip()) if words_of(part)]
    return found


def _unlisted(sentence: str) -> list[str]:
    """Return the parts of a sentence that is a list, else the sentence."""
    parts = [part for part in _SEPARATORS.split(sentence) if words_of(part)]
    short = sum(len(words_of(part)) <= LIST_PART_WORDS for part in parts)
    return parts if short >= LIST_PARTS else [sentence]


def prose(blocks: Iterable[str]) -> list[str]:
    """Return the blocks that are whole sentences, without headings, labels and buttons."""
    return [block for block in blocks if _CLOSED.search(block.strip())]


def words_of(text: str) -> list[str]:
    """Return the words of a text."""
    return _WORD.findall(_ADDRESS.sub(" ", text))


def count(blocks: Iterable[str]) -> Counts:
    """Count sentences, words, syllables and words of three or more syllables."""
    sentences = [part for sentence in sentences_of(blocks) for part in _unlisted(sentence)]
    each = [syllables(word) for sentence in sentences for word in words_of(sentence)]
    return Counts(len(sentences), len(each), sum(each), sum(number >= POLYSYLLABLE for number in each))


def flesch_kincaid(counts: Counts) -> float:
    """Return the Flesch-Kincaid grade level.

    0.39 (words / sentences) + 11.8 (syllables / words) - 15.59. Kincaid, Fishburne, Rogers and Chissom, Derivation of
    new readability formulas for Navy enlisted personnel, Research Branch Report 8-75, 1975.
    """
    return 0.39 * counts.words / counts.sentences + 11.8 * counts.syllables / counts.words - 15.59


def smog_polysyllables(counts: Counts) -> float:
    """Return the number of polysyllables in 30 sentences like these.

    For 30 sentences or more this is the mean of the whole text, not of a sample. For fewer, the published adjustment
    (SMOG Conversion Table II: 1.5 for 20 sentences, 3 for 10) is the same multiplication by 30 / sentences. The table
    stops at 10 sentences, since below that one word moves the grade by a quarter or more; a text of 100 words in fewer
    than 10 sentences is measured all the same: its sentences are long, and the adjustment then errs on the strict side.
    """
    return counts.polysyllables * SMOG_SENTENCES / counts.sentences


def smog(counts: Counts) -> float:
    """Return the SMOG grade by the exact regression.

    1.0430 sqrt(polysyllables in 30 sentences) + 3.1291. McLaughlin, SMOG grading: a new readability formula, Journal of
    Reading 12(8), 1969. Its floor is 3.13: no text is easier than that. It was fitted to *full* understanding (Flesch-
    Kincaid: to about three quarters), so it stands one to two grades above the other formula on the same text.
    """
    return 1.0430 * math.sqrt(smog_polysyllables(counts)) + 3.1291


def smog_grade(counts: Counts) -> int:
    """Return the SMOG grade as McLaughlin published it for use: 3 and the root of the nearest perfect square.

    This whole number is what "grade 6 by SMOG" means in the conversion tables of health agencies (7 to 12 polysyllables
    in 30 sentences), so it is what the limit is compared with.
    """
    polysyllables = smog_polysyllables(counts)
    root = math.isqrt(int(polysyllables))
    nearer = root + 1 if (root + 1) ** 2 - polysyllables < polysyllables - root**2 else root
    return max(nearer, 1) + 3


# --- syllables -------------------------------------------------------------------------------------------------

# Words that the rules below get wrong.
_EXCEPTIONS = {
    2: "acne before business evening maybe people reload wednesday wednesdays",
    3: "angeles easier easiest element elements hawaii ratio ratios recipe recipes",
}
_KNOWN = {word: number for number, words in _EXCEPTIONS.items() for word in words.split()}
_VOWELS = re.compile(r"[aeiouy]+")
_SPELLED_AS_A_WORD = {"AYUDA": 3, "HIPAA": 2, "HOME": 1, "NAMI": 2, "SAMHSA": 2, "SMART": 1, "PIN": 1}
_LETTER_W = 3


def syllables(word: str) -> int:
    """Return how many syllables a word has when it is spoken."""
    if word[:1].isdigit():
        return 1
    parts = word.split("-")
    return sum(_of_part(part) for part in parts if part) or 1


def _of_part(part: str) -> int:
    bare = re.sub(r"['’](?:s|d|ll|re|ve|m)$", "", part)
    if bare.isupper() and len(bare) > 1:
        return _SPELLED_AS_A_WORD.get(bare) or sum(_LETTER_W if letter == "W" else 1 for letter in bare)
    lower = bare.lower().replace("’", "'")
    if lower in MEDICINES or lower in MONTHS:
        return 1
    return _KNOWN.get(lower) or _by_rule(lower)


def _by_rule(word: str) -> int:
    """Count groups of vowels, then mend what English does not say or says apart."""
    if word.endswith("n't"):
        stem = word.removesuffix("n't")
        return _by_rule(stem) + (stem[-1:] in set("dstl") if len(stem) > 1 else 0)
    number = len(_VOWELS.findall(word))
    number -= sum(bool(pattern.search(word)) for pattern in _SILENT)
    number += sum(len(pattern.findall(word)) for pattern in _APART)
    return max(number, 1)


_SILENT = tuple(
    re.compile(pattern)
    for pattern in (
        r"[^aeiouyl]e$|[aeiouy]le$",  # make, whole; but ta-ble
        r"(?:[^aeiouytdl]|[aeiouyl]l)ed$",  # used, called; but want-ed
        r"(?:[^aeiouysxzcgl]|[^cs]h|[aeiouy]l)es$(?<!ches)(?<!shes)",  # notes; but box-es
        r"[aeiouy][^aeiouy]e(?:ly|ful|less|ness)(?:s|ly)?$",  # safely
        r"[aeiouy][^aeiouy]?[^aeiouyl]ements?$",  # move-ment, announce-ment; but im-ple-ment
        # some-where, base-line
        r"[^aeiouy]e(?:where|thing|one|body|times?|lines?|loads?|works?|stones?|marks?|hold|house|zones?|fore|what)$",
        r"(?:[aio]|ea)[gq]ues?$",  # vague, unique
        r"ically$|(?:fe|ne)ty$|haviou?rs?$|^every|^languag",
    )
)
_APART = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<![gqstcx])i(?:a|o(?!us?$|us)|u)(?!n$)",  # di-al, vi-o-let
        r"(?<![cstgxl])ia(?=ns?$)|[ct]iat",  # me-di-an, as-so-ci-ate
        r"(?<=[bdlnprv])ious",  # se-ri-ous; but gra-cious
        r"[^aeiouycst]i(?:er|est)s?$|iet|(?<![ct])ien[ct]|scien",  # ear-li-er, qui-et, cli-ent
        r"[aeo]y(?:er|a|ou?[nt])|yone$",  # lay-er, be-yond, an-y-one
        r"[aeiouy]ing",  # be-ing
        r"crea(?!m|k|s|ture)|idea|area|^d?r?eact|nausea|realis|realiz|^reus|suici|uity|^co(?:erc|ord|opera|ef|exist)",
        r"eo(?!u)|(?<!q)uen[ct]|ua(?!r[dn])(?<!qua)|uo(?<!quo)|oe[lmt]|[aeiouy]i[sz]e?m$",
        r"sm$|thm$",  # pris-m
    )
)
