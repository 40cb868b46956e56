"""Forms of the library: a word about one lesson, a question for the team, what is put aside, words to look for."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from patient_app.accounts.registry import one_line
from patient_app.appointments.raising import LONGEST_LINE
from patient_app.checkins.words import MOODS
from patient_app.core.forms import ChipsField, ChoiceField, Form, IdField, long_text, short_text
from patient_app.learn.facts import Topic

SAVE, UNSAVE, READ, UNREAD = "save", "unsave", "read", "unread"


class MarkForm(Form):
    """One of a few buttons under a lesson."""

    id = IdField()
    mark = ChoiceField(
        _l("This lesson"),
        [
            (SAVE, _l("Save it")),
            (UNSAVE, _l("Take it off my lessons")),
            (READ, _l("I read it")),
            (UNREAD, _l("Not read yet")),
        ],
    )


class QuestionForm(Form):
    """A question for the team, which goes onto the list for the next visit."""

    id = IdField()
    question = short_text(
        _l("What do you want to ask?"),
        needed=_l("Write what you want to ask, or leave it."),
        longest=LONGEST_LINE,
    )
    about_use = BooleanField(
        _l("It is about alcohol or drugs"),
        description=_l("Then only who sees alcohol and drugs too can read it."),
    )

    @property
    def line(self) -> str:
        """The question as it stands on the list."""
        return one_line(self.question.data or "")


class ChoicesForm(Form):
    """What a person does not want to meet now, and whether lessons are suggested."""

    not_now = ChipsField(
        _l("Not now"),
        description=_l("What you pick here is left out of lists, searches and suggestions. Change it when you like."),
    )
    suggests = BooleanField(
        _l("Suggest a lesson now and then"),
        description=_l("On Today, one a day at most, and it says why."),
    )

    def offer(self, topics: Iterable[Topic]) -> ChoicesForm:
        """Say which topics there are."""
        self.not_now.offer((topic.id, str(topic.title)) for topic in topics)
        return self


class LookForm(Form):
    """Words to look for."""

    words = short_text(_l("Words to look for"), needed=_l("Type a word to look for."), longest=100)


class OwnNoteForm(Form):
    """How a supporter is doing. Each part can be left out."""

    id = IdField()
    feels = ChoiceField(_l("How are you?"), list(MOODS.items()))
    words = long_text(_l("A few words for yourself"))
