"""The patterns of near_words.js, run where they run: which ways of saying it bring help nearer, and which do not."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page as BrowserPage

from patient_app.factory import create_app
from tests.conftest import LiveServer
from tests.features.learn.test_danger_words import NAMES

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]
HEAVY = (
    # To die, or not to be there.
    "I want to die", "wanna die", "I just want to die already", "I'd rather be dead", "I want to be dead",
    "I wish I was dead", "I wish i had never been born", "I wish I wasn\u2019t here", "I want to disappear",
    "I don't want to be alive", "I dont really want to live anymore", "I don't want to be here", "I can not go on",
    "I don't want to go on", "never wake up", "I hope I don't wake up tomorrow", "I can't do this anymore",
    "they would be better off without me", "no reason to live", "nothing left to live for", "it is not worth living",
    # By one's own hand.
    "I keep thinking about ending my life", "taking my own life", "I want to end it tonight",
    "I just want to end it all.",
    "gonna kill my self", "KILL MYSELF", "hurting myself again", "I cut myself", "self-harm", "unalive", "suicidal",
    "take all my pills", "I od'd on Friday", "another overdose", "thinking about dying", "I say goodbye to everyone",
    # In Spanish, with and without its accents.
    "Quiero morir", "me quiero morir", "ganas de morir", "no quiero seguir viviendo", "ya no quiero seguir",
    "quisiera estar muerta", "no quiero despertar", "no quiero vivir", "pienso en la muerte", "piensa mucho en morir",
    "Ojal\u00e1 me muriera", "ya no puedo m\u00e1s", "ya no puedo mas", "no puedo seguir as\u00ed", "quitarme la vida",
    "voy a matarme", "hacerme da\u00f1o", "cortarme", "acabar con mi vida", "acabar con todo", "mejor muerto",
    "estar\u00edan mejor sin m\u00ed", "sobredosis", "despedirme de todos", "tomarme todas las pastillas",
)  # fmt: skip
LIGHT = (
    "", "I want to sleep.", "I took my pills", "I ended the call", "It was a long day, dead tired",
    "killing time at home",
    "I hurt my knee", "My aunt died last year and I miss her", "The death of someone I love", "Cut down on coffee",
    "I wanted a drink but did not", "I do not want to live with him", "I don't want to go on a trip",
    "I don't want to go on taking it", "I may as well go on.", "I went to say goodbye to my brother", "What a life!",
    "Ganas de beber", "No quiero ir", "Quiero vivir mejor", "Muri\u00f3 mi abuela", "no quiero despertar temprano",
    "No quiero seguir con la terapia.", "ya no quiero seguir tomando", "Quiz\u00e1s no quiera vivir con ellos.",
)  # fmt: skip


def test_what_brings_help_nearer(live_server: LiveServer, phone: BrowserPage) -> None:
    release = create_app(live_server.config, live_server.store).extensions["static_files"].release
    phone.goto("/sign-in")
    found = phone.evaluate(
        "async ([address, texts]) => { const { soundsHeavy } = await import(address); return texts.map(soundsHeavy); }",
        [f"/static/{release}/js/near_words.js", [*HEAVY, *NAMES, *LIGHT]],
    )
    heavy = [*HEAVY, *NAMES]
    missed = [text for text, is_heavy in zip(heavy, found, strict=False) if not is_heavy]
    too_many = [text for text, is_heavy in zip(LIGHT, found[len(heavy) :], strict=True) if is_heavy]
    assert (missed, too_many) == ([], [])
