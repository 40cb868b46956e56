"""Words that are not used here in Spanish; the English ones stand in `word_rules`. Spoken to with usted all over."""

from __future__ import annotations

import re
from collections.abc import Iterable

from patient_app.learn.word_rules import Rule


def _rule(name: str, pattern: str, instead: str, bad: Iterable[str], good: Iterable[str] = ()) -> Rule:
    return Rule(name, re.compile(pattern, re.IGNORECASE), instead, tuple(bad), tuple(good))


# Forms of tú that are no other word. ("Toma", "vuelve" are said with usted too: no pattern tells them apart.)
_TU_SAYS = (
    r"eres|tienes|puedes|quieres|sientes|estás|haces|dices|vas|sabes|necesitas|piensas|crees|vives|usas|consumes|sigues"
    r"|vienes|pones|dejas|duermes|debes|ves|has|estabas|tenías|podrías|querías|hiciste|dijiste|fuiste|tuviste|pudiste"
    r"|tomaste|bebiste|usaste|consumiste|dejaste|sentiste"
)
_TU_MAY = (
    r"hagas|digas|vayas|tengas|seas|estés|quieras|puedas|necesites|sepas|pienses|creas|olvides|sientas|vengas|salgas"
    r"|pongas|hables|llames|esperes|preocupes|rindas|culpes|quedes|muevas|sigas|duermas|busques|empieces|intentes"
)
# After "no": what could be another word by itself ("pares", "uses").
_TU_NOT = (
    r"dejes|tomes|bebas|uses|consumas|mezcles|manejes|escuches|pares|des|veas|cambies|termines|comas|corras|luches"
    r"|trates|compares|juzgues|grites|discutas|pelees|obligues|prometas|mientas|regañes|presiones|insistas|asustes"
    r"|mires|toques|aceptes|cargues|guardes|escribas|leas|abras|cierres|lleves|traigas|pidas|preguntes|recuerdes"
    r"|permitas|decidas|saltes|suspendas|abandones|apures|temas|ocultes|escondas|cedas"
)
USTED = _rule(
    "usted, not tú (es)",
    r"\b(?:tú|tu|tus|te|ti|contigo|tuy[oa]s?|vos|vosotros|vuestr[oa]s?"
    rf"|{_TU_SAYS}|{_TU_MAY}|(?:no|nunca|jamás|ni) (?:(?:me|te|l[aeo]s?|nos|se) )?(?:{_TU_NOT})"
    # "Muévete", "quédate", "tómatelo": the stress is three from the end.
    r"|(?!intérprete\b)\w*[áéíóú]\w*[ae]te(?:l[aeo]s?)?|(?:date|ponte|vete|hazte)|haz(?:l[aeo]s?)?|di(?:le|lo)|pon(?:lo|la)"
    r")\b",
    "usted, su, le; “no haga”, “muévase”",
    (
        "Tú puedes",
        "Toma tu tiempo",
        "Si quieres",
        "No hagas nada",
        "Muévete",
        "Quédate aquí",
        "No lo dejes",
        "Hazlo hoy",
    ),
    ("Usted puede", "Tome su tiempo", "No haga nada", "Muévase", "Un intérprete", "Grupos y pares", "No les diga nada"),
)
# No such word stands before it in its sentence.
_NOT_DENIED = r"(?:^|(?<=[.?:;“]))(?:(?!\b(?:no|ni|nunca|nadie|nada|tampoco|sin)\b)[^.?:;“])*?"
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
        "no blame for a hard time (es)",
        rf"{_NOT_DENIED}\b(?:egoístas?|egoísmo|patétic[oa]s?|culpables?|(?:tiene[ns]?|tuvo) la culpa"
        r"|(?:es|fue) su culpa)\b",
        "tiene un momento difícil; “no es su culpa”",
        ("Usted tiene la culpa.", "Es egoísta.", "No llame. Fue su culpa."),
        ("Usted no tiene la culpa.", "Nadie es culpable.", "Descansar no es egoísta."),
    ),
    _rule(
        "no images of use (es)",
        r"\b(?:agujas?|jeringas?) en (?:el|la|su|un|una) (?:brazo|vena)\b|\b(?:rayas?|líneas?) de (?:polvo|coca\w*)\b"
        r"|\bpolvo blanco\b|\bcucharas? quemadas?\b|\bpip(?:a|as) de (?:vidrio|crack)\b",
        "nada: quien está dejándolo no lo busca ver; nombre lo que siente la persona",
        ("Una aguja en el brazo", "una raya de polvo blanco"),
        ("Quite el polvo.", "Una línea de texto"),
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
    _rule("one kind of quotation marks (es)", r"[«»\"]", "“…”", ("Toque «Más».", 'Toque "Más".'), ("Toque “Más”.",)),
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
