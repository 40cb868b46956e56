"""The rules for words that people read here; docs/content.md says why. Tests hold texts to them, `lint` lessons."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from patient_app.learn import reading_age

MOST_GRADE = 6
# In the pages for the worst hour.
MOST_WORDS, MOST_WORDS_MEAN = 15, 12
# Anywhere else one long sentence is let pass, not this long a one.
MOST_WORDS_ANYWHERE = 25

_PLACE = re.compile(r"%\((\w+)\)[sd]|\{(\w+)[^}]*\}")
_NUMBERS = frozenset({"num", "number", "count", "least", "most", "hours", "minutes", "status"})


@dataclass(frozen=True, slots=True)
class Text:
    """A string that people can read, and where it stands."""

    file: str
    line: int
    words: str

    @property
    def place(self) -> str:
        """The file and the line."""
        return f"{self.file}:{self.line}"


def filled(words: str) -> str:
    """Return a text with its places filled, so that it can be measured."""
    return _PLACE.sub(lambda found: "5" if (found[1] or found[2]) in _NUMBERS else "Robin", words)


@dataclass(frozen=True, slots=True)
class Rule:
    """Words that are not used here; `bad` and `good` hold the rule itself to its meaning."""

    name: str
    pattern: re.Pattern[str]
    instead: str
    bad: tuple[str, ...]
    good: tuple[str, ...] = ()

    def breaks(self, words: str) -> str | None:
        """Return the first words that break the rule."""
        found = self.pattern.search(words)
        return found[0] if found else None


def _rule(name: str, pattern: str, instead: str, bad: Iterable[str], good: Iterable[str] = ()) -> Rule:
    return Rule(name, re.compile(pattern, re.IGNORECASE), instead, tuple(bad), tuple(good))


# --- words -----------------------------------------------------------------------------------------------------

WORDS: tuple[Rule, ...] = (
    _rule(
        "a person is not their use",
        r"\b(?:addict(?:s|ed)?|users?|(?:ab|drug )users?|abusers?|junkies?|alcoholics?(?! anonymous)(?<!non-alcoholic)"
        r"|drunks?|drunkards?|enablers?|enabling|codependents?)\b",
        "a person who uses …, a person with an alcohol use disorder; or leave the person out",
        ("She is an addict.", "For drug users", "Were you drunk?", "He is an alcoholic", "Family of addicted people"),
        ("Addiction specialist", "Alcoholics Anonymous", "Did you drink?", "non-alcoholic drinks", "Drank or used"),
    ),
    _rule(
        "use is not abuse",
        r"(?<!domestic )(?<!physical )(?<!sexual )(?<!emotional )\babus(?:e|es|ed|ing|ive)\b(?! at home)"
        r"|\b(?:drug|drinking|bad) habits?\b|\bkick(?:ing)? the habit\b|\bbinges?\b",
        "use, drinking, drug use (the word stays only for violence against a person: “domestic abuse”)",
        ("Substance abuse", "Your drinking habit", "abusing alcohol"),
        ("Domestic abuse is never your fault.", "a habit of a short walk"),
    ),
    _rule(
        "nobody is clean or dirty",
        r"\b(?:clean|dirty|sober|sobriety)\b",
        "not using, in recovery; a test is negative or positive",
        ("10 days clean", "a dirty test", "Stay sober."),
        ("Cleaning the house",),
    ),
    _rule(
        "a return to use is no failure",
        r"\brelaps(?:e|es|ed|ing)\b(?! prevention)|\bslip(?:ped)?[- ]ups?\b|\boff the wagon\b|\bback to square one\b",
        "a lapse, a return to use; or say what happened: “You used on Tuesday.”",
        ("You relapsed.", "A slip-up", "He fell off the wagon"),
        ("Relapse prevention", "Time lapse"),
    ),
    _rule(
        "treatment is no substitute",
        r"\b(?:opioid )?(?:substitution|replacement) (?:therapy|treatment)\b|\b(?-i:MAT)\b|\bmedication[- ]assisted\b",
        "medicine for opioid use disorder",
        ("Opioid replacement therapy", "MAT program"),
        ("a replacement inhaler",),
    ),
    _rule(
        "nobody obeys",
        r"\b(?:non-?)?(?:complian(?:t|ce)|adheren(?:t|ce))\b|\bdrug[- ]seeking\b|\brefus(?:e|es|ed|al|ing)\b"
        r"|\bden(?:y|ied|ial)\b",
        "took it less than planned, said no, skipped",
        ("Non-compliant with medication", "Your adherence: 80%", "The patient refused"),
        ("Skipped: side effects",),
    ),
    _rule(
        "how suicide is named",
        r"\b(?:commit(?:s|ted|ting)?|successful|unsuccessful|failed|complete[ds]?|threaten(?:s|ed)?) (?:a )?suicid\w*"
        r"|\b(?:failed|successful|unsuccessful) attempts?\b|\bsuicid\w+ (?:epidemic|gesture|note|victim)s?\b"
        r"|\b(?:epidemic|skyrocket\w*) of suicide\b",
        "died by suicide, suicide attempt, thoughts of suicide",
        ("He committed suicide.", "a failed attempt", "a suicide epidemic"),
        ("Most people do not go on to die by suicide.", "a suicide attempt"),
    ),
    _rule(
        "a person is not a diagnosis",
        r"\b(?:schizophrenics?|(?:a|the|is|are) bipolars?(?! disorder)|bipolars|psychos?|psychotics?|crazy|insane"
        r"|lunatics?"
        r"|maniacs?|mentally ill|the disabled|triggered|victims?|suffer(?:s|ed|ing)?)\b",
        "a person with schizophrenia; a person who lives with …, who went through …",
        ("He is bipolar.", "Schizophrenics hear voices", "the mentally ill", "She suffers from panic", "abuse victim"),
        ("You have bipolar disorder.", "Living with bipolar disorder", "What set it off?"),
    ),
    _rule(
        "no blame for a hard time",
        r"\b(?:manipulat\w+|attention[- ]seek\w+|difficult|battl(?:e|es|ed|ing)|fight(?!-or-flight)(?:s|ing)?"
        r"|wars?|weak\w*"
        r"|will ?power|frequent flyers?|hot[- ]?spotters?)\b",
        "hard, having a hard time, asking for help, working on, living with",
        ("A difficult patient", "Fight your cravings", "You need willpower", "Your weaknesses"),
        ("a hard time", "The fight-or-flight response"),
    ),
    _rule(
        "nobody is shamed",
        # No such word stands before it in its sentence: "You are not to blame" is wanted.
        r"(?:^|(?<=[.?:;“]))(?:(?!\b(?:not|never|no|nor|nobody|none|nothing|neither|cannot)\b|n['’]t\b)[^.?:;“])*?"
        r"\b(?:to blame|selfish\w*|pathetic\w*|g(?:ive|ives|ave|iving) in)\b",
        "say what happened, and what helps; “You are not to blame.”",
        ("You are to blame.", "It was selfish.", "You gave in", "Not now. How pathetic", "If you give in"),
        ("You are not to blame.", "Nobody is to blame.", "It isn’t selfish to rest.", "You do not have to give in."),
    ),
    _rule(
        "no images of use",
        r"\bneedles? in (?:the|your|an?|his|her|their) (?:arm|vein)s?\b"
        r"|\blines? of (?:white )?(?:powder|coke|cocaine)\b"
        r"|\bwhite powder\b|\b(?:burnt|burned|blackened) spoons?\b|\b(?:crack|glass) pipes?\b|\bshoot(?:s|ing)? up\b",
        "nothing: who is stopping does not want to see it; say what the person feels",
        ("A needle in the arm", "a line of white powder", "A burnt spoon"),
        ("New needles are free there.", "A line of text"),
    ),
    _rule(
        "nobody is told what is normal or due",
        r"\b(?:(?:ab)?normal(?:ly)?|should(?:n['’]t)?|ought|must(?:n['’]t)?|(?<!try to )need to be)\b",
        "typical, could, can, you might, some people find; what happens if not",
        ("You should rest.", "You must take it.", "That is not normal.", "You shouldn’t drink"),
        ("You could rest.", "This has to be later than the opening time."),
    ),
    _rule(
        "nothing is belittled",
        r"\b(?:just(?! now\b)|simpl[ey]|merely|eas(?:y|ily)(?! to guess)|effortless\w*|obvious\w*|of course|trivial"
        r"|don['’]t worry|do not worry|calm down|cheer up|relax(?! your| one| the))\b",
        "leave the word out; say how long it takes or what can be skipped",
        ("Just call us.", "It is easy.", "Simply tap here", "Don’t worry."),
        ("It was changed just now.", "This password is easy to guess.", "Relax your hands."),
    ),
    _rule(
        "nothing is counted against a person",
        r"\b(?:streaks?|perfect\w*|miss(?:ed|es)?|fail(?:s|ed|ing|ure|ures)?|overdue|late again|behind schedule"
        r"|win|winner"
        r"|winning|reward(?:s|ed)?|badges?|points?|level up|goal reached|keep it up)\b|\b(?:your|mood|my|a|high"
        r"|low) scores?\b",
        "nothing at all, or what is so: “Not recorded”, “3 check-ins this week, any day counts”",
        ("You missed 3 days", "Streak lost", "A perfect week", "Sign-in failed", "Your score is 12", "Overdue"),
        ("Days without a check-in are fine.", "PHQ-9 score"),
    ),
    _rule(
        "no praise for results",
        r"\b(?:great|good|nice|awesome|amazing) (?:job|work|going)\b|\bwell done\b|\bcongrat\w+|\bproud of you\b"
        r"|\bhooray\b",
        "thanks for telling us",
        ("Great job", "Well done", "Congratulations, 7 days"),
        ("Good to see you.", "Thank you for telling us."),
    ),
    _rule(
        "a fault is ours",
        r"\b(?:invalid|illegal|forbidden|unauthori[sz]ed|access denied|not permitted|oops|whoops|uh-oh|are you sure)\b"
        r"|\berror \d",
        "say what to type or do next: “Use a number from 0 to 10, or leave it empty.”",
        ("Invalid input", "Error 500", "Are you sure you want to delete?", "Oops"),
        ("That is our mistake, not yours",),
    ),
    _rule(
        "a concern is no alarm, and nobody watches",
        r"\balert(?:s|ed|ing)?\b|\bmonitor(?:s|ed|ing)?\b|\bcomplain(?:s|ed|t|ts)?\b|\bwarn(?:s|ed|ing"
        r"|ings)\b(?! signs?)",
        "say who reads it and when; “signs to look out for”",
        ("Your care team has been alerted", "We monitor this", "Warning"),
        ("Nobody watches this around the clock.", "Warning signs"),
    ),
    _rule("no exclamation marks", r"[!¡]", "a full stop", ("Saved!", "¡Hola"), ("Saved.",)),
    _rule(
        "no emoji",
        "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\u20e3]|[:;]-?[)(](?:\\s|$)",
        "words",
        ("Saved 🎉", "Hello ☀", "Fine :)"),
        ("“Leave” · 10:30 → 11:00",),
    ),
)

# Anywhere near suicide, self-harm or overdose (`danger_words`): nothing of how, where or how much.
SAFE: tuple[Rule, ...] = (
    _rule(
        "no methods and no places",
        r"\b(?:hang(?:ing|ed)|nooses?|ropes?|guns?|firearms?|weapons?|shoot(?:ing|s)?|shot|pistols?|rifles?|bullets?"
        r"|knif\w*|knives|blades?|razors?|cut(?:s|ting)?(?! down| back| off)|jump(?:s|ed|ing)?|bridges?|rooftops?"
        r"|railways?"
        r"|trains?\b(?! yourself)|drown\w*|poison\w*|strangl\w+|suffocat\w+|carbon monoxide|pills?|tablets?|needles?"
        r"|syringes?|inject\w*)\b",
        "“Ask someone you trust to help make the place around you safer.”",
        ("Put away the gun.", "He took pills", "jumped from a bridge", "cutting"),
        ("after stopping or cutting down", "Ask someone to stay with you."),
    ),
    _rule(
        "no amounts",
        r"\b\d[\d.,]*\s?(?:mg|mcg|µg|g|grams?|ml|milligrams?|pills?|tablets?|drinks?|shots?|units?|bags?|lines"
        r"|ounces?|oz"
        r"|pounds?|lbs?|kilos?|kg|calories|kcal)\b",
        "leave the amount out; the label and the pharmacist tell it",
        ("took 20 mg", "after 10 drinks"),
        ("Do this again every 2 to 3 minutes.", "fewer than 2 in 100 calls"),
    ),
    _rule(
        "no single cause, no big words",
        r"\bbecause of\b|\bepidemic\b|\bskyrocket\w*|\bsoar(?:s|ed|ing)\b|\bshocking\b|\btragic\w*|\binevitabl\w+"
        r"|\bnotes? (?:he|she|they) left\b|\bgoodbye (?:note|letter)\b|\bhero(?:es|ic)?\b|\bat peace\b"
        r"|\bin a better place\b",
        "“Thoughts of suicide can ease, and help works.”",
        ("because of a break-up", "an epidemic", "now at peace"),
        ("because you feel bad",),
    ),
)

# What a lock screen, an e-mail, a title bar never says. Not in any e-mail.
_CARE = (
    r"patients?|clinic\w*|practice|hospital|programs?|doctors?|physician\w*|nurses?|prescribers?|psych\w*"
    r"|therap\w*|counsel\w*"
    r"|care team|treatment|health\w*|medical|appointments?"
)
_ILLNESS = (
    r"depress\w*|bipolar|mani[ac]\w*|anxi\w*|panic|ptsd|trauma\w*|ocd|disorders?|schizo\w*|diagnos\w*|illness|mental\w*"
    r"|symptoms?|phq|gad|moods?|scores?|feelings?|sad|safety plan|cris[ei]s|emergency|988|suicid\w*|self-harm|danger\w*"
)
_USE = (
    r"drugs?|alcohol\w*|drink\w*|drank|drunk|substances?|opioids?|overdos\w*|crav\w+|urges?|sober\w*|recover\w*"
    r"|(?:re)?laps\w+"
    r"|addict\w*|withdrawal|used? (?:again|less|more)|medic\w*|doses?|pills?|tablets?|prescri\w+|refills?"
    r"|naloxone|methadone"
    r"|" + "|".join(sorted(reading_age.MEDICINES))
)
TELLING_IN_MAIL = _rule(
    "an e-mail is a postcard",
    rf"\b(?:{_CARE}|{_ILLNESS}|{_USE}|miss(?:ed|es|ing)?|supporters?|check(?:ed)?[- ]ins?)\b"
    r"|\{(?!link\b|home\b|hours\b|minutes\b|day\b)\w*[^}]*\}",
    "“There is news in your account”; what there is to know is read after signing in. Only {link}, {home}, {hours}, "
    "{minutes} and {day} may be filled in",
    (
        "Your therapist wrote",
        "You missed a check-in",
        "Take your methadone",
        "{name} invited you",
        "Your practice",
        "Your mood",
        "recover your account",
    ),
    ("Your password was changed just now.", "open this link: {link}", "The code stops working by itself."),
)
TELLING_IN_TITLE = _rule(
    "a title is neutral",
    rf"\b(?:{_ILLNESS}|{_USE}|hospital|clinic\w*|psych\w*|therap\w*|treatment|mental|medical|miss(?:ed|es))\b",
    "what a neighbour may read: “Today”, “History”, “Help”",
    ("Your mood", "Crisis", "Methadone", "Craving history", "PHQ-9"),
    ("Help", "Check in", "My patients", "Sharing"),
)

# In the title of a page that no member of the staff opens.
TELLING_AT_HOME = _rule(
    "a title at home does not say that this is care",
    rf"\b(?:{_CARE})\b",
    "what a neighbour may read: “Today”, “History”, “Help”",
    ("Your care team", "Your patients", "Appointments"),
    ("Sharing", "People I support"),
)


@dataclass(frozen=True, slots=True)
class Broken:
    """One rule broken at one place."""

    place: str
    rule: str
    found: str
    words: str
    instead: str

    def __str__(self) -> str:
        """Say where, which rule, what was found, and what to write instead."""
        return f"{self.place}: {self.rule}: {self.found!r} in {self.words!r}\n    instead: {self.instead}"


def broken(texts: Iterable[Text], rules: Iterable[Rule]) -> list[Broken]:
    """Return every rule that one of the texts breaks."""
    rules = tuple(rules)
    return [
        Broken(text.place, rule.name, found, text.words, rule.instead)
        for text in texts
        for rule in rules
        if (found := rule.breaks(text.words)) is not None
    ]


# --- how hard, how long ----------------------------------------------------------------------------------------


def too_hard(place: str, blocks: Iterable[str]) -> list[str]:
    """Return what is said of a text of 100 words or more that is above grade 6 by one of the formulas.

    It is measured as it stands and once more without headings, labels and buttons, whose short lines flatter it.
    """
    blocks = [filled(block) for block in blocks]
    told = []
    for which, chosen in (("all of it", blocks), ("its whole sentences", reading_age.prose(blocks))):
        counts = reading_age.count(chosen)
        if not counts.measured:
            continue
        grade, smog = reading_age.flesch_kincaid(counts), reading_age.smog_grade(counts)
        if grade > MOST_GRADE or smog > MOST_GRADE:
            told.append(
                f"{place} ({which}): Flesch-Kincaid {grade:.1f}, SMOG {smog} ({reading_age.smog(counts):.1f}); "
                f"at most {MOST_GRADE}\n    instead: {_hints(chosen)}"
            )
    return told


def _hints(blocks: Iterable[str]) -> str:
    sentences = reading_age.sentences_of(blocks)
    long = max(sentences, key=lambda sentence: len(reading_age.words_of(sentence)))
    hard: dict[str, int] = {}
    for sentence in sentences:
        for word in reading_age.words_of(sentence):
            if reading_age.syllables(word) >= reading_age.POLYSYLLABLE:
                hard[word.lower()] = hard.get(word.lower(), 0) + 1
    listed = ", ".join(f"{word} {number}x" for word, number in sorted(hard.items(), key=lambda item: -item[1])[:12])
    return f"shorter words for {listed}; split {long!r}"


def too_long(texts: Iterable[Text], most: int) -> list[str]:
    """Return the sentences with more words than that."""
    return [
        f"{text.place}: {len(reading_age.words_of(sentence))} words, at most {most}: {sentence!r}\n"
        "    instead: two sentences"
        for text in texts
        for sentence in reading_age.sentences_of([filled(text.words)])
        if len(reading_age.words_of(sentence)) > most
    ]
