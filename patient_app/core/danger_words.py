"""The one place that knows by which words a text names suicide or overdose, in English and in Spanish.

What hangs on it: the numbers to call on the same page, a note before a lesson, the topics under which it can be put
aside, and the rules on hope and on methods. For what a person types to look for there are wider words: all that
follows is that help is shown, so too many are better than too few.
"""

from __future__ import annotations

import re
import unicodedata

_ENGLISH = (
    r"\b(?:thoughts?|thinking|thinks?|ideas?)(?: (?:is|are|may be))?(?: a lot)? (?:of|about) "
    r"(?:dying|death\b|being dead|(?:ending|taking) (?:it all|(?:your|my|their|his|her) (?:own )?life))"
    r"|\b(?:want(?:s|ed|ing)?|wish(?:es|ed|ing)?|would rather) (?:to )?(?:die\b|be dead)"
    r"|\b(?:want(?:s|ed|ing)?|wish(?:es|ed|ing)?) (?:not|never) to (?:live\b|be alive|wake up)"
    r"|\b(?:not|never|no longer|don['’]t|doesn['’]t|didn['’]t) want(?:ed|ing|s)? to "
    r"(?:be alive|be here any ?more|wake up\b|live\b(?! (?:with|in|at|near|alone|there|here|together|on my|on your))"
    r"|go on\b(?! (?:with|to|a|an|the|this|that|my|your|holiday|taking|using|drinking|[a-z]+ing)\b))"
    r"|\bend(?:ing|s|ed)? (?:your|my|their|his|her) (?:own )?li(?:fe|ves)\b"
    r"|\b(?:tak(?:e|es|ing)|took) (?:your|my|their|his|her) own li(?:fe|ves)\b"
    r"|\bkill(?:s|ed|ing)? (?:your|my|him|her|them)sel(?:f|ves)\b"
    r"|\b(?:harm|hurt)(?:s|ed|ing)? (?:your|my|them|him|her|one)sel(?:f|ves)\b|\bself[- ]?harm"
    r"|\bbetter off dead\b"
)
_WISH = r"(?:quer(?:er|ía[ns]?|emos)|quier[oae][ns]?|quisier[ao][ns]?|ganas de|deseos? de|dese[oae][ns]?)"
_ALIVE = (
    r"(?:seguir viviendo|seguir(?! (?:con|en|a|al|una?|el|la|los|las|su|sus|así|leyendo|\w+[aie]ndo)\b)"
    r"|vivir(?! (?:con|en|a|al|cerca|juntos|juntas|solo|sola)\b)|estar viv[oa]|despertar(?! (?:a|temprano|tarde)\b))"
)
_SPANISH = (
    r"\b(?:ideas?|pensamientos?) de (?:la )?(?:morir|muerte|matarse)\b"
    r"|\b(?:pens(?:ar|ando|amos|ó)|piens(?:o|a[ns]?|e[ns]?)) (?:mucho )?en "
    r"(?:morir(?:se)?|la muerte|matarse|acabar con todo)\b"
    rf"|\b{_WISH} (?:morir(?:se|me|te)?|matar(?:se|me|te)|estar muert[oa]s?|quitarse la vida)\b"
    rf"|\b(?:no|ni|tampoco|nunca|sin) (?:(?:ya|tiene[ns]?|tengo|tener|usted) )*{_WISH} (?:ya )?{_ALIVE}"
    r"|\bquit(?:ar(?:se|me|te)|arle) la vida\b|\bmatarse\b"
    r"|\b(?:acabar|terminar) con (?:su|mi|tu) (?:propia )?vida\b"
    r"|\bmejor muert[oa]\b"
    r"|\b(?:se|me) (?:hag[ao]n?|hac(?:e|en|ía)|hizo|hecho) daño|\bhacer(?:se|me) daño|\blastimar(?:se|me)\b|\bautolesi"
)
# Suicide and harm to oneself, under whatever words.
SUICIDE = re.compile(rf"suicid|{_ENGLISH}|{_SPANISH}", re.IGNORECASE)
OVERDOSE = re.compile(r"\boverdos|\bnaloxone|\bnarcan\b|\bsobredosis|\bnaloxona", re.IGNORECASE)
# Whatever else calls for care in how it is said.
DANGER = re.compile(
    rf"{SUICIDE.pattern}|overdos|sobredosis",
    re.IGNORECASE,
)
HOPE = re.compile(
    r"help works|can ease|not alone|do not go on to die|gets? better|can pass|you are welcome"
    r"|ayuda (?:también |le )?(?:sirve|funciona)|pued[ea]n? aliviar|no está (?:a solas|sol[oa])"
    r"|pued[ea]n? pasar\b|mejora\b",
    re.IGNORECASE,
)
# What a person in danger may type into a field to look for something, in small letters without accents: bare words too.
_TYPED = re.compile(
    r"suicid|\bself ?-?harm|\boverdos|\bod'?(?:d|ed|ing)\b|\bunaliv|\b(?:die|dying|dead|death)\b"
    r"|\b(?:kill|hurt|harm|cut|hang|shoot|drown)(?:t?ing)? (?:my ?self\b|your ?self\b|me\b)"
    r"|\b(?:end(?:ing)?|tak(?:e|ing)) (?:(?:my|your) (?:own )?life|it all|it (?:now|tonight|today))\b"
    r"|\b(?:can'?t|can ?not|couldn'?t) (?:go on|carry on|keep (?:going|living)|(?:do|take|bear|stand) (?:this|it))"
    r"|\b(?:don'?t|do not|never|not)(?: really)?(?: want(?:ing)?)?(?: to)? "
    r"(?:be (?:here|alive)|exist|wake up|live\b|go on\b)"
    r"|\bdisappear\b|\bwish i (?:wasn'?t|weren'?t|was not|were not|had never)|\bnever been born|\bdon'?t wake up"
    r"|\bbetter off without me|\b(?:no reason|no point|nothing)(?: left)? (?:to|in|for) liv|\bworth living"
    r"|\bto live for\b|\bgood ?bye to every|\b(?:take|took|taking) all (?:of )?(?:my|the|these) \w+"
    r"|\bmorir(?:me|se)?\b|\bmuert[aeo]\b|\bmuriera\b|\bmatar(?:me|se)\b|\bme mato\b|\bsobredosis|\bautolesi"
    r"|\b(?:ahorcar|cortar|herir|lastimar)(?:me|se)\b|\bme (?:corto|lastimo|hago dano)\b|\bhacer(?:me|se) dano\b"
    r"|\bquitar(?:me|se) la vida|\b(?:acabar|terminar) con (?:todo|mi vida)|\bdesaparecer\b|\bmejor sin mi\b"
    r"|\bno (?:puedo|aguanto|doy) mas\b|\bno puedo seguir|\bdespedirme de|\btomarme todas"
    r"|\b(?:no|ni|sin) (?:quiero|quisiera|ganas de) (?:vivir|seguir|despertar|existir|estar (?:aqui|viv))"
)
# More than any field to look for something takes.
_LONGEST_TYPED = 1000


def sounds_like_danger(typed: str | None) -> bool:
    """Whether what a person typed to look for sounds like danger: then help stands beside the answer."""
    if not typed:
        return False
    typed = typed[:_LONGEST_TYPED]
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", typed) if not unicodedata.combining(sign))
    plain = " ".join(re.sub("[\u2018\u2019\u00b4`]", "'", bare).casefold().split())
    return _TYPED.search(plain) is not None or names_danger(typed)


def names_danger(*words: str) -> bool:
    """Whether one of these texts names suicide: then the numbers to call stand on the same page."""
    return any(SUICIDE.search(text) for text in words)


def names_overdose(*words: str) -> bool:
    """Whether one of these texts names overdose, or what turns one around."""
    return any(OVERDOSE.search(text) for text in words)
