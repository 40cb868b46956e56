"""Who may call which route: default deny, opened by a marker on the view.

`@access(Permission.X)` marks a view; a view without it is refused, and the application does not start. It answers "may
this kind of person use this route"; whose row it is, services decide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeVar

from flask import Flask, Response, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from patient_app.core import clock
from patient_app.core.identity import Stage, Viewer, viewer_or_none
from patient_app.core.roles import Role

STEP_UP_MINUTES = 10
# A form that takes time to fill in: its page asks for the password as any other, what is sent is taken this long after.
STEP_UP_SENDING_MINUTES = 30

_View = TypeVar("_View", bound=Callable[..., Any])


class Permission(StrEnum):
    """What a route lets a person do, named `resource:action`; keep the list in alphabetical order.

    A new one is also given its roles in `PERMITTED`.
    """

    ACCOUNT_MANAGE = "account:manage"
    APPOINTMENTS_MANAGE = "appointments:manage"
    CHECK_INS_READ = "check-ins:read"
    CHECK_INS_WRITE = "check-ins:write"
    CODES_CONFIRM = "codes:confirm"
    CODES_ISSUE = "codes:issue"
    LESSONS_READ = "lessons:read"
    MEDICATIONS_MANAGE = "medications:manage"
    MEDICATIONS_PRESCRIBE = "medications:prescribe"
    NAME_CHOOSE = "name:choose"
    NOTIFICATIONS_MANAGE = "notifications:manage"
    OUTBOX_SEND = "outbox:send"
    OWN_SPACE_KEEP = "own-space:keep"
    PATIENTS_INVITE = "patients:invite"
    PRACTICE_MANAGE = "practice:manage"
    PROFILE_MANAGE = "profile:manage"
    PUBLIC = "public:open"
    REMINDERS_MANAGE = "reminders:manage"
    SAFETY_PLAN_MANAGE = "safety-plan:manage"
    SECOND_FACTOR_FINISH = "second-factor:finish"
    SECURITY_ANSWER = "security:answer"
    SHARING_MANAGE = "sharing:manage"
    SKILLS_PRACTISE = "skills:practise"
    SUPPORTED_READ = "supported:read"
    TEAM_READ = "team:read"
    TEAM_WRITE = "team:write"
    TODAY_READ = "today:read"
    WORRIES_READ = "worries:read"
    WORRIES_SEND = "worries:send"


EVERYBODY = frozenset(Role)
_STAFF = frozenset({Role.ADMINISTRATOR, Role.CLINICIAN})
_PATIENT = frozenset({Role.PATIENT})

PERMITTED: dict[Permission, frozenset[Role]] = {
    Permission.ACCOUNT_MANAGE: EVERYBODY,
    Permission.APPOINTMENTS_MANAGE: _PATIENT,
    Permission.CHECK_INS_READ: _PATIENT,
    Permission.CHECK_INS_WRITE: _PATIENT,
    Permission.CODES_CONFIRM: _STAFF,
    Permission.CODES_ISSUE: _STAFF,
    Permission.LESSONS_READ: _PATIENT,
    Permission.MEDICATIONS_MANAGE: _PATIENT,
    Permission.MEDICATIONS_PRESCRIBE: frozenset({Role.CLINICIAN}),  # Of these, `reading.prescribing` asks further.
    Permission.NAME_CHOOSE: frozenset(Role) - _PATIENT,  # Patients say it with `PROFILE_MANAGE`.
    Permission.NOTIFICATIONS_MANAGE: _PATIENT,
    Permission.OUTBOX_SEND: _PATIENT,
    Permission.OWN_SPACE_KEEP: frozenset({Role.SUPPORTER}),
    Permission.PATIENTS_INVITE: _STAFF,
    Permission.PRACTICE_MANAGE: frozenset({Role.ADMINISTRATOR}),
    Permission.PROFILE_MANAGE: _PATIENT,
    Permission.PUBLIC: EVERYBODY,
    Permission.REMINDERS_MANAGE: _PATIENT,
    Permission.SAFETY_PLAN_MANAGE: _PATIENT,
    Permission.SECOND_FACTOR_FINISH: EVERYBODY,
    Permission.SECURITY_ANSWER: EVERYBODY,
    Permission.SHARING_MANAGE: _PATIENT,
    Permission.SKILLS_PRACTISE: _PATIENT,
    Permission.SUPPORTED_READ: frozenset({Role.SUPPORTER}),
    Permission.TEAM_READ: frozenset({Role.CLINICIAN}),
    Permission.TEAM_WRITE: frozenset({Role.CLINICIAN}),
    Permission.TODAY_READ: _PATIENT,
    Permission.WORRIES_READ: frozenset({Role.CLINICIAN}),
    Permission.WORRIES_SEND: frozenset({Role.SUPPORTER}),
}


# What staff cannot do in a session that began with a clinic code, until their mail or an older device says it was them,
# or a day has passed: whoever made the code may have used it.
_CLOSED_AFTER_CODE = frozenset(
    {
        Permission.CODES_CONFIRM,
        Permission.CODES_ISSUE,
        Permission.MEDICATIONS_PRESCRIBE,
        Permission.TEAM_READ,
        Permission.TEAM_WRITE,
        Permission.WORRIES_READ,
    }
)


# All that is left to a session from before a reset by a clinic code, once the day in which it could object is over.
_OPEN_WHEN_SUPERSEDED = frozenset({Permission.SECURITY_ANSWER})


@dataclass(frozen=True, slots=True)
class Policy:
    """What a view declared: its permission, whether a recent password is needed, whether it writes or only reads."""

    permission: Permission
    step_up: bool = False
    takes_time: bool = False
    records: bool = False
    reads: bool = False
    turned_away: Callable[[], ResponseReturnValue] | None = None


def access(
    permission: Permission,
    *,
    step_up: bool = False,
    takes_time: bool = False,
    records: bool = False,
    reads: bool = False,
    turned_away: Callable[[], ResponseReturnValue] | None = None,
) -> Callable[[_View], _View]:
    """Declare who may call a view.

    `step_up` asks for the password again when it was given more than `STEP_UP_MINUTES` ago; with `takes_time`, a POST
    is taken up to `STEP_UP_SENDING_MINUTES` after it. Later than that, a form gets 401 with its words; a mere button
    leads to the password, and from there to the page at its own address, where there is one. `records` says that a GET
    writes an access record, so its unit of work is a writing one. `reads` says that a POST stores nothing (it is one so
    that what was typed stands in no address): its unit of work is a reading one and waits for no writer.

    `turned_away` is for what a script asks: it makes the answer for whoever would be led to sign in, or to another step
    of it. A page is no answer to a script, and one that it was led to could be taken for one.
    """

    def mark(view: _View) -> _View:
        policy = Policy(permission, step_up, takes_time, records, reads, turned_away)
        view.access_policy = policy  # type: ignore[attr-defined]
        return view

    return mark


def policy_of(app: Flask, endpoint: str | None) -> Policy | None:
    """Return what the view of an endpoint declared, or None."""
    declared = getattr(app.view_functions.get(endpoint or ""), "access_policy", None)
    return declared if isinstance(declared, Policy) else None


def check_url_map(app: Flask) -> None:
    """Raise if any route declares no permission. Called last when the application is made."""
    bare = sorted({rule.rule for rule in app.url_map.iter_rules() if policy_of(app, rule.endpoint) is None})
    if bare:
        raise RuntimeError(f"Routes without @access(...): {bare}")


def init_app(app: Flask) -> None:
    """Refuse every endpoint but those whose declared permission the person has."""
    app.before_request(_check_access)


def _check_access() -> ResponseReturnValue | None:
    if request.endpoint is None:  # No route matched: Flask answers 404 or 405.
        return None
    policy = policy_of(current_app, request.endpoint)
    if policy is None:
        abort(404)
    if policy.permission is Permission.PUBLIC:
        return None
    person = viewer_or_none()
    if person is None:
        return policy.turned_away() if policy.turned_away else _ask_to_sign_in()
    refusal = _refusal(policy, person)
    return policy.turned_away() if refusal is not None and policy.turned_away else refusal


def _refusal(policy: Policy, person: Viewer) -> ResponseReturnValue | None:
    if (person.stage is not Stage.FULL) != (policy.permission is Permission.SECOND_FACTOR_FINISH):
        return _next_step(person)
    if person.role not in PERMITTED[policy.permission]:
        # The same answer as for an address that does not exist.
        abort(404)
    if person.superseded and policy.permission not in _OPEN_WHEN_SUPERSEDED:
        return _redirect("accounts.security_notice")
    if person.entries_closed_from is not None and policy.permission in _CLOSED_AFTER_CODE:
        return _redirect("accounts.closed_for_now")
    if policy.step_up and clock.now() - person.confirmed_at > _password_holds(policy):
        return _ask_for_password()
    return None


def _is_sending() -> bool:
    return request.method not in {"GET", "HEAD"}


def _password_holds(policy: Policy) -> timedelta:
    return timedelta(minutes=STEP_UP_SENDING_MINUTES if policy.takes_time and _is_sending() else STEP_UP_MINUTES)


def _ask_for_password() -> Response:
    is_button = not request.content_length and current_app.url_map.bind("").test(request.path, "GET")
    if _is_sending() and not is_button:
        abort(401)
    return _redirect("accounts.confirm", next=request.full_path.rstrip("?"))


def _ask_to_sign_in() -> Response | None:
    """Send a page's visitor to sign in; a form gets 401, so that the error page can keep the words."""
    if _is_sending():
        abort(401)
    return _redirect("accounts.sign_in", next=request.full_path.rstrip("?"))


def _next_step(person: Viewer) -> Response:
    if person.stage is Stage.SECOND_FACTOR:
        return _redirect("accounts.second_factor")
    if person.stage is Stage.ENROL_SECOND_FACTOR:
        return _redirect("accounts.enrol_second_factor")
    return _redirect("home.start")


def _redirect(endpoint: str, **values: Any) -> Response:
    answer = redirect(url_for(endpoint, **values), 303)
    assert isinstance(answer, Response)  # noqa: S101 - narrows Werkzeug's type to Flask's.
    return answer
