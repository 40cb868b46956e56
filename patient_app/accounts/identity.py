"""Who is asking: reads the session cookie once a request and makes the `Viewer` that everything else knows.

Flask's own cookie session is not used (a copied one would outlive signing out; there is no `SECRET_KEY` at all), so
Flask-Login is left with what it does well: `current_user`, filled by a request loader.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Flask, Request, Response, current_app, g, request, url_for
from flask_login import LoginManager
from sqlalchemy import bindparam, select
from sqlalchemy.exc import SQLAlchemyError

from patient_app.accounts import addresses, sessions
from patient_app.accounts.models import DeviceSession, Person, PersonState, SecurityNotice
from patient_app.accounts.sign_in import Asking, SignedIn
from patient_app.core import access, clock, faces, spoken, work
from patient_app.core.config import ConfigError
from patient_app.core.db import DatabaseBusy, DatabaseMissing
from patient_app.core.identity import Stage, Viewer, keep, viewer_or_none
from patient_app.core.keys import KeyGone
from patient_app.core.logs import logger
from patient_app.core.prepared import Prepared
from patient_app.core.roles import Discipline, Role
from patient_app.core.vault import Place, SealBroken

# No cookie can have this name. Flask-Login would read a remember cookie (one of another program on localhost, say)
# before it asks our loader, and would need a secret key for it.
_NO_COOKIE = "=never"
_LONGEST_COOKIE = 200
FAULTS = (SQLAlchemyError, DatabaseBusy, DatabaseMissing, ConfigError, SealBroken)

_BY_TOKEN = Prepared(
    select(
        DeviceSession.id.label("session_id"),
        DeviceSession.stage,
        DeviceSession.created_at,
        DeviceSession.last_seen_at,
        DeviceSession.confirmed_at,
        DeviceSession.expires_at,
        Person.id.label("person_id"),
        Person.practice_id,
        Person.role,
        Person.discipline,
        Person.name_sealed,
        Person.language,
        Person.zone,
        Person.day_start_minutes,
        Person.shown_as,
        Person.shown_simply,
        Person.entries_closed_from,
        Person.entries_closed_until,
        Person.security_notice,
        Person.security_notice_at,
        Person.email_changed_at,
    )
    .join(Person, Person.id == DeviceSession.person_id)
    .where(
        DeviceSession.token_hash == bindparam("token_hash"),
        DeviceSession.ended_at.is_(None),
        Person.state == PersonState.ACTIVE,
    )
)


def init_app(app: Flask) -> None:
    """Make `current_user` the person whose session the cookie names. Register before the access check."""
    app.config["REMEMBER_COOKIE_NAME"] = _NO_COOKIE
    manager = LoginManager()
    manager.session_protection = None
    manager.request_loader(_load)
    manager.init_app(app, add_context_processor=False)
    app.before_request(_look_early)
    app.after_request(_note_activity)


def asking() -> Asking:
    """Return what this request tells of the browser that sent it, for the services that sign in."""
    settings = work.config()
    return Asking(
        browser=sessions.browser_label(request.headers.get("User-Agent", "")),
        network=request.remote_addr or "",  # Behind a proxy, the address that it vouches for.
        session_token=_cookie(request, sessions.session_cookie_name(settings)),
        device_token=_cookie(request, sessions.device_cookie_name(settings)),
    )


def welcome(signed_in: SignedIn, address: str) -> Response:
    """Return the redirect that gives a browser the cookies of the session that began.

    Leads to `address`, or first to the step that is left of signing in, which leads on to it.
    """
    if signed_in.stage is Stage.SECOND_FACTOR:
        address = url_for("accounts.second_factor", next=address)
    elif signed_in.stage is Stage.ENROL_SECOND_FACTOR:
        address = url_for("accounts.enrol_second_factor", next=address)
    response = Response(status=303, headers={"Location": address})
    settings = work.config()
    sessions.set_session_cookie(response, settings, signed_in.token, signed_in.role, signed_in.stage)
    if signed_in.device_token is not None:
        sessions.set_device_cookie(response, settings, signed_in.device_token)
    return response


def goodbye(address: str) -> Response:
    """Return the redirect that takes the session's cookie back, and forgets the order of a list."""
    response = Response(status=303, headers={"Location": address})
    sessions.clear_cookies(response, work.config())
    return response


def list_order() -> str | None:
    """Return what this device keeps as the order of the list of patients; whatever the browser sent."""
    return _cookie(request, sessions.list_order_cookie_name(work.config()))


def keep_list_order(response: Response, order: str) -> None:
    """Have the device keep an order of the list of patients, until somebody signs out there."""
    sessions.set_list_order_cookie(response, work.config(), order)


def _cookie(sent: Request, name: str) -> str | None:
    token = sent.cookies.get(name)
    return token if token and len(token) <= _LONGEST_COOKIE else None


def _look_early() -> None:
    """Load the person while the unit of work is open: a public page may ask first when it is rendered.

    Past Flask-Login, which would first look for a session and a cookie of its own.
    """
    if request.endpoint is None or request.endpoint == "static_files" or request.blueprint == "machines":
        return
    keep(_load(request))


def _load(sent: Request) -> Viewer | None:
    token = _cookie(sent, sessions.session_cookie_name(work.config()))
    if token is None:
        return None
    try:
        return _viewer_of(token)
    except KeyGone:  # The person's key was destroyed: there is nobody any more.
        return None
    except FAULTS as fault:
        policy = access.policy_of(current_app, sent.endpoint)
        if policy is None or policy.permission is not access.Permission.PUBLIC:
            raise
        # Help must open when everything else is broken; it then opens as for a stranger.
        logger().error("session not read", route=str(sent.url_rule), exc_info=fault)
        g.database_failed = True
        return None


def _viewer_of(token: str) -> Viewer | None:
    moment = clock.now()
    try:
        with work.looking() as look:  # This is asked by every request.
            row = _BY_TOKEN.first(look, {"token_hash": sessions.token_hash(token)})
    except SQLAlchemyError:
        if not work.unit().writes:
            with suppress(SQLAlchemyError):
                work.connection().rollback()  # What the page itself asks next starts afresh.
        raise
    if row is None:
        return None
    role, stage = Role(row.role), Stage(row.stage)
    if not sessions.is_live(role, stage, row.last_seen_at, row.expires_at, moment):
        return None
    g.session_activity_due = moment - row.last_seen_at >= sessions.ACTIVITY_INTERVAL
    person = _viewer(row, role, stage, moment)
    if person.superseded and person.security_notice is None:
        return None
    if stage is Stage.FULL:
        faces.use(row.shown_as)
        spoken.use(row.language)
    return person


def _viewer(row: Any, role: Role, stage: Stage, moment: datetime) -> Viewer:
    closed = sessions.begun_after_code(row.created_at, row.entries_closed_from)
    still_closed = closed and row.entries_closed_until is not None and moment < row.entries_closed_until
    place = Place(Person.__tablename__, "name_sealed", row.person_id, row.person_id)
    return Viewer(
        id=row.person_id,
        practice_id=row.practice_id,
        role=role,
        discipline=Discipline(row.discipline) if row.discipline else None,
        name=work.vault().open(place, row.name_sealed) if row.name_sealed else "",
        language=row.language,
        zone=row.zone,
        day_start_minutes=row.day_start_minutes,
        session_id=row.session_id,
        stage=stage,
        confirmed_at=row.confirmed_at,
        entries_closed_from=row.entries_closed_from if still_closed else None,
        entries_closed_until=row.entries_closed_until if still_closed else None,
        superseded=sessions.is_superseded(row.created_at, row.entries_closed_from, row.entries_closed_until, moment),
        security_notice=_notice(row, closed=closed, still_closed=still_closed),
        shown_simply=bool(row.shown_simply),
    )


def _notice(row: Any, *, closed: bool, still_closed: bool) -> str | None:
    """Return what the person is to be asked. Who came in by a code is asked nothing: it may be about themselves.

    Once the day is over, that session is asked about codes made since, like any other.
    """
    if closed and (still_closed or row.security_notice != SecurityNotice.CODE_ISSUED):
        return None
    if row.security_notice is not None:
        return str(SecurityNotice(row.security_notice))
    return addresses.NOTICE if row.email_changed_at is not None else None


def _note_activity(response: Response) -> Response:
    """Keep the session awake: one short write, at most once a minute, and never for what was denied."""
    person = viewer_or_none() if g.get("session_activity_due") else None
    if person is not None and _was_allowed(person, response):
        try:
            with current_app.extensions["tandem"].store.work(writes=True):
                sessions.note_activity(person.session_id)
        except FAULTS as fault:  # The answer itself is fine; the next request tries again.
            logger().warning("activity not noted", exc_info=fault)
    return response


def _was_allowed(person: Viewer, response: Response) -> bool:
    policy = access.policy_of(current_app, request.endpoint)
    if (
        policy is None
        or policy.permission is access.Permission.PUBLIC
        or response.status_code >= HTTPStatus.BAD_REQUEST
    ):
        return False
    finishing = policy.permission is access.Permission.SECOND_FACTOR_FINISH
    return person.role in access.PERMITTED[policy.permission] and (person.stage is not Stage.FULL) == finishing
