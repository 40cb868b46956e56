"""Languages: every string goes through gettext from the first template.

`xx` is a pseudo-language, made at run time for tests and development: what it leaves unmarked was forgotten.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from babel import support
from flask import Flask, g, request
from flask_babel import Babel, Domain, get_domain

from patient_app.core.identity import viewer_or_none

PSEUDO = "xx"
# The languages a person may ask for; a page whose words are not translated yet shows English.
LANGUAGES = {"en": "English", "es": "Español"}
TRANSLATIONS = Path(__file__).resolve().parents[1] / "translations"


class PseudoTranslations(support.NullTranslations):
    """Marks every string that went through gettext with brackets that occur nowhere else."""

    def ugettext(self, message: str) -> str:
        """Return the marked string."""
        return f"\u27e6{message}\u27e7" if message else message

    def ungettext(self, singular: str, plural: str, number: int) -> str:
        """Return the marked singular or plural."""
        return self.ugettext(singular if number == 1 else plural)

    def upgettext(self, _context: str, message: str) -> str:
        """Return the marked string."""
        return self.ugettext(message)


class PseudoDomain(Domain):
    """The pseudo-language's catalogue."""

    def get_translations(self) -> PseudoTranslations:
        """Return what marks every string."""
        return PseudoTranslations()


@lru_cache(maxsize=1)
def translated_languages() -> frozenset[str]:
    """Return the languages that have a catalogue of their own; English is the text in the code."""
    found = {path.parent.parent.name for path in TRANSLATIONS.glob("*/LC_MESSAGES/messages.mo")}
    return frozenset(found | {"en"})


def init_app(app: Flask) -> None:
    """Choose the language: the person's own, else the browser's first that we have, else English."""
    Babel(app, default_locale="en", default_translation_directories=str(TRANSLATIONS), locale_selector=_select_locale)

    # Flask-Babel looks the catalogue up for each string; one look-up a request makes a page a third cheaper.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # Added by Jinja's i18n extension.
        gettext=lambda text: _translations().ugettext(text),
        ngettext=lambda one, many, number: _translations().ungettext(one, many, number),
        pgettext=lambda context, text: _translations().upgettext(context, text),
        newstyle=True,
    )
    if app.extensions["tandem"].config.development:
        pseudo = PseudoDomain()

        def use_pseudo() -> None:
            if request.args.get("language") == PSEUDO:
                pseudo.as_default()

        app.before_request(use_pseudo)


def _translations() -> Any:
    if "translations" not in g:
        g.translations = get_domain().get_translations()
    return g.translations


def _select_locale() -> str:
    if not request:
        return "en"
    available = translated_languages()
    person = viewer_or_none()
    if person is not None:
        return person.language if person.language in available else "en"
    return request.accept_languages.best_match(sorted(available)) or "en"
