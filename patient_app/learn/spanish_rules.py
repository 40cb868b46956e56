"""Words that are not used here in Spanish; the English ones stand in `word_rules`. Spoken to with usted all over."""

from __future__ import annotations

import re
from collections.abc import Iterable

from patient_app.learn.word_rules import Rule


def _rule(name: str, pattern: str, instead: str, bad: Iterable[str], good: Iterable[str] = ()) -> Rule:
    return Rule(name, re.compile(pattern, re.IGNORECASE), instead, tuple(bad), tuple(good))


USTED = _rule(
    "usted, not tú (es)",
    r"\b(?:tú|tu|tus|te|ti|contigo|tuy[oa]s?|eres|tienes|puedes|quieres|sientes|estás|vos|vosotros|vuestr[oa]s?)\b",
    "usted, su, le",
    ("Tú puedes", "Toma tu tiempo", "Si quieres"),
    ("Usted puede", "Tome su tiempo"),
)
SPANISH: tuple[Rule, ...] = (
    _rule(
        "a person is not their use (es)",
        r"\b(?:adict[oa]s?|drogadict[oa]s?|toxicóman[oa]s?|alcohólic[oa]s?(?! anónimos)(?<!bebidas alcohólicas)"
        r"(?<!bebida alcohólica)|borrach[oa]s?|yonquis?|drogat[oa]s?)\b",
        "una persona que consume …, una persona con un trastorno por consumo de alcohol",
        ("Es un adicto.", "Mi hermana alcohólica", "Estaba borracho"),
        ("Alcohólicos Anónimos", "una bebida alcohólica"),
    ),
    _rule(
        "use is not abuse (es)",
        r"\babus(?:o|ar|a|an|as) de (?:las |los |el )?(?:drogas?|alcohol|sustancias?|medicinas?|medicamentos?)\b"
        r"|\bvicios?\b|\bmal hábito\b",
        "consumo, beber, usar",
        ("Abuso de drogas", "Dejar el vicio"),
        ("Abuso sexual",),
    ),
    _rule(
        "nobody is clean or dirty (es)",
        r"\b(?:estar|está|estoy|sigue|días?|meses) (?:limpi[oa]s?|suci[oa]s?)\b|\bsobri[oa]s?\b|\bsobriedad\b",
        "no consumir, en recuperación; una prueba sale negativa o positiva",
        ("10 días limpio", "Está sobria"),
        ("Un cuarto limpio",),
    ),
    _rule(
        "a return to use is no failure (es)",
        r"\brecay(?:ó|eron|eras?|era|endo|ste)\b|\brecaer\b|\bfracas\w+\b|\bfall(?:ó|aste|ar|as)\b",
        "volver a consumir, un tropiezo; o lo que pasó: “consumió el martes”",
        ("Usted recayó", "No fracase"),
        ("Plan para una recaída",),
    ),
    _rule(
        "how suicide is named (es)",
        r"\bcomet\w+ suicidio\b|\bsuicidio (?:exitoso|consumado|fallido|frustrado)\b|\bintento fallido\b",
        "murió por suicidio, intento de suicidio, pensamientos de suicidio",
        ("Cometió suicidio",),
        ("Pensamientos de suicidio",),
    ),
    _rule(
        "a person is not a diagnosis (es)",
        r"\b(?:esquizofrénic[oa]s?|(?:un|una|los|las|es|son) bipolar(?:es)?|psicópatas?|loc[oa]s?|demente"
        r"|enferm[oa]s? mental(?:es)?|sufr(?:e|en|ir|o) de|padec\w+|víctimas?)\b",
        "una persona con esquizofrenia; una persona que vive con …, que pasó por …",
        ("Es bipolar", "Los esquizofrénicos", "Sufre de pánico"),
        ("Tiene trastorno bipolar",),
    ),
    _rule(
        "nobody is told what is due, nothing is belittled (es)",
        r"\b(?:deb(?:e|es|en|ería|erías|erían)|(?<!no )(?<!nadie )tiene[ns]? que(?! ver con)|hay que|simplemente"
        r"|fácil(?:mente)?|obvi\w+|por supuesto|cálmese|no se preocupe)\b",
        "puede, podría, a algunas personas les ayuda; o nada",
        ("Usted debe descansar.", "Es fácil", "Hay que dormir", "Solo tiene que llamar.", "Todos tienen que venir"),
        ("Puede descansar.", "No tiene que decir por qué.", "Nadie tiene que verlo.", "¿Tiene que ver con usted?"),
    ),
    _rule(
        "nothing is counted against a person (es)",
        r"\b(?:rachas?|puntajes?|puntuaci(?:ón|ones)|perfect[oa]s?|se le pasó|metas? cumplidas?|felicidades"
        r"|felicitaciones|bien hecho)\b",
        "nada; o lo que es: “Sin anotar”, “3 registros esta semana, cualquier día cuenta”",
        ("Perdió su racha", "Su puntaje es 12", "Una semana perfecta", "Felicidades, 7 días"),
        ("Los días sin registro están bien.",),
    ),
    _rule("no exclamation marks (es)", r"[!¡]", "un punto", ("¡Hola",), ("Hola.",)),
)
# Anywhere near suicide, self-harm or overdose (`danger_words`): nothing of how or where.
SPANISH_SAFE: tuple[Rule, ...] = (
    _rule(
        "no methods and no places (es)",
        r"\b(?:ahorc\w+|horcas?|sogas?|pistolas?|rifles?|escopetas?|armas? de fuego|disparos?|dispar(?:ar|ó)"
        r"|balas?|cuchillos?"
        r"|navajas?|cortarse|puentes?|azoteas?|ahog(?:arse|ó)|veneno\w*|envenen\w+|pastillas?|jeringas?|agujas?|inyect\w+"
        r"|monóxido)\b",
        "“Pida a alguien de confianza que le ayude a tener un lugar más seguro.”",
        ("Guarde la pistola.", "Tomó pastillas", "Saltó de un puente"),
        ("Pídale a alguien que se quede con usted.", "Deje el alcohol poco a poco."),
    ),
)
