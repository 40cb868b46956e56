"""Makes the application; reads as a table of contents. Only it and the commands import every feature."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import brotli
from flask import Flask, Response, current_app, request
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext
from sqlalchemy import select
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header
from werkzeug.middleware.proxy_fix import ProxyFix

from patient_app.accounts import identity
from patient_app.accounts import views as accounts_views
from patient_app.accounts.models import Installation, InstallationKind
from patient_app.appointments import list_views
from patient_app.appointments import views as appointments_views
from patient_app.care_team import (
    appointment_views,
    assignment_views,
    blood_test_views,
    effect_views,
    lesson_views,
    prescribing_views,
    skill_views,
)
from patient_app.care_team import views as care_team_views
from patient_app.checkins import views as checkins_views
from patient_app.consent import form_text
from patient_app.core import (
    access,
    errors,
    faces,
    headers,
    i18n,
    keeping,
    logs,
    machines,
    metrics,
    outbox,
    pages,
    same_origin,
    static_files,
    work,
)
from patient_app.core.config import Config
from patient_app.core.installation import open_store
from patient_app.core.pages import NavigationItem
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from patient_app.effects import views as effects_views
from patient_app.follow_up import views as follow_up_views
from patient_app.home import views as home_views
from patient_app.learn import library as lessons
from patient_app.learn import views as learn_views
from patient_app.medications import dose_views
from patient_app.medications import views as medications_views
from patient_app.offline import views as offline_views
from patient_app.profile import views as profile_views
from patient_app.push import views as push_views
from patient_app.refills import views as refills_views
from patient_app.reminders import views as reminders_views
from patient_app.safety import plan_views as safety_plan_views
from patient_app.safety import views as safety_views
from patient_app.sharing import views as sharing_views
from patient_app.skills import views as skills_views
from patient_app.styleguide import views as styleguide_views
from patient_app.supporting import views as supporting_views
from patient_app.worries import views as worries_views

PACKAGE = Path(__file__).resolve().parent
# A megabyte of words in any script, each of its bytes written as three in a form, and what else is in it.
LARGEST_REQUEST = 4 * 1024 * 1024
# Pages are compressed each time they are drawn: Brotli's lowest levels take half of gzip's time for as few bytes.
PACKING: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=1),
    "gzip": lambda body: gzip.compress(body, 3, mtime=0),
}
SMALLEST_PACKED = 512
# No browser says as much of what it unpacks.
_LONGEST_ACCEPTED = 200

_PATIENT = frozenset({Role.PATIENT})
NAVIGATION = (
    NavigationItem(_l("Today"), "home.today", "today", _PATIENT),
    NavigationItem(_l("Check in"), "checkins.check_in", "check-in", _PATIENT, within="home.today"),
    NavigationItem(_l("Medicines"), "medications.show_list", "medicine", _PATIENT),
    NavigationItem(_l("Skills"), "skills.overview", "wave", _PATIENT),
    NavigationItem(_l("Learn"), "learn.overview", "learn", _PATIENT),
    NavigationItem(_l("History"), "checkins.history", "history", _PATIENT, within="home.more"),
    NavigationItem(_l("Visits"), "appointments.overview", "calendar", _PATIENT, within="home.more"),
    NavigationItem(_l("Safety plan"), "safety_plan.show", "list", _PATIENT, within="home.more"),
    NavigationItem(_l("Sharing"), "sharing.overview", "sharing", _PATIENT, within="home.more"),
    NavigationItem(_l("Settings"), "accounts.settings", "settings", _PATIENT, within="home.more"),
    NavigationItem(_l("More"), "home.more", "more", _PATIENT, holds=("home.simple", "offline.waiting")),
    NavigationItem(_l("My patients"), "care_team.caseload", "team", frozenset({Role.CLINICIAN})),
    NavigationItem(_l("Worries"), "worries.inbox", "message", frozenset({Role.CLINICIAN})),
    NavigationItem(_l("People"), "supporting.overview", "team", frozenset({Role.SUPPORTER})),
    NavigationItem(lazy_pgettext("tab", "I am worried"), "supporting.worried", "support", frozenset({Role.SUPPORTER})),
    NavigationItem(
        _l("Learn"), "learn.for_supporters", "learn", frozenset({Role.SUPPORTER}), holds=("/supporting/lessons",)
    ),
    NavigationItem(_l("For me"), "learn.own_space", "person", frozenset({Role.SUPPORTER})),
    NavigationItem(_l("Practice"), "accounts.practice", "practice", frozenset({Role.ADMINISTRATOR})),
    NavigationItem(_l("Settings"), "accounts.settings", "settings", frozenset(Role) - _PATIENT),
)


@dataclass(frozen=True)
class Tandem:
    """What the application carries along: settings, databases, and whether it is a demonstration."""

    config: Config
    store: Store
    demonstration: bool


class _Application(Flask):
    """Flask without what only asynchronous views need: it looks at each function that a request calls."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function: none here is asynchronous."""
        return func


def create_app(config: Config, store: Store | None = None) -> Flask:
    """Make the application; raise `ConfigError` with one plain sentence when it cannot start."""
    store = store or open_store(config)
    app = _Application("patient_app", root_path=str(PACKAGE), static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_REQUEST, MAX_FORM_MEMORY_SIZE=LARGEST_REQUEST, WTF_CSRF_ENABLED=False)
    work_on(app, config, store)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]

    # After-request functions run last to first: what is added first sees the finished answer.
    app.after_request(_compress)
    logs.init_app(app)
    metrics.init_app(app)
    headers.init_app(app, asked_again=frozenset({"offline.show_manifest", "offline.show_worker"}))
    faces.init_app(app)
    keeping.init_app(app)
    app.teardown_request(_end_work)
    app.before_request(_begin_work)
    same_origin.init_app(app, config.origin, exempt=frozenset({"machines.csp_report"}))
    i18n.init_app(app)
    identity.init_app(app)
    access.init_app(app)
    errors.init_app(app)
    app.after_request(_finish_work)
    static_files.init_app(app, PACKAGE / "static")
    pages.init_app(app, NAVIGATION)
    app.jinja_env.globals["notice_beside"] = form_text.notice_beside

    for blueprint in (
        machines.bp,
        accounts_views.bp,
        safety_views.bp,
        safety_plan_views.bp,
        home_views.bp,
        checkins_views.bp,
        dose_views.bp,
        medications_views.bp,
        effects_views.bp,
        appointments_views.bp,
        list_views.bp,
        profile_views.bp,
        offline_views.bp,
        push_views.bp,
        reminders_views.bp,
        follow_up_views.bp,
        sharing_views.bp,
        skills_views.bp,
        learn_views.bp,
        refills_views.bp,
        care_team_views.bp,
        effect_views.bp,
        blood_test_views.bp,
        appointment_views.bp,
        prescribing_views.bp,
        skill_views.bp,
        assignment_views.bp,
        lesson_views.bp,
        supporting_views.bp,
        worries_views.bp,
    ):
        app.register_blueprint(blueprint)
    if config.development:
        app.register_blueprint(styleguide_views.bp)
    keeping.check_registered(app)
    outbox.check_registered(app)
    offline_views.init_app(app)
    lessons.init_app(app, config.lessons_path)
    push_views.init_app(config)
    access.check_url_map(app)
    return app


def work_on(app: Flask, config: Config, store: Store) -> None:
    """Have the application work on these databases."""
    app.extensions["tandem"] = Tandem(config, store, _is_demonstration(store))


def _is_demonstration(store: Store) -> bool:
    with store.work(writes=False):
        return db().scalar(select(Installation.kind)) == InstallationKind.DEMONSTRATION


def _begin_work() -> None:
    """Give the request its unit of work: a writing one for unsafe methods and for pages that write access records.

    A form that only reads says so in its policy.
    """
    policy = access.policy_of(current_app, request.endpoint)
    if request.method in same_origin.SAFE_METHODS:
        writes = policy is not None and policy.records
    else:
        writes = policy is None or not policy.reads
    work.begin(current_app.extensions["tandem"].store, writes=writes)


def _finish_work(response: Response) -> Response:
    work.finish()
    return response


def _end_work(_error: BaseException | None) -> None:
    work.end()


def _compress(response: Response) -> Response:
    """Compress pages; they hold no token that a guess beside it could reveal."""
    if response.mimetype != "text/html" or "Content-Encoding" in response.headers or response.direct_passthrough:
        return response
    response.headers.add("Vary", "Accept-Encoding")  # Also where this browser, or so short a page, gets it as it is.
    body = response.get_data()
    packing = _packing(request.headers.get("Accept-Encoding", "")[:_LONGEST_ACCEPTED])
    if packing is not None and len(body) >= SMALLEST_PACKED:
        response.set_data(PACKING[packing](body))
        response.headers["Content-Encoding"] = packing
    return response


@lru_cache(maxsize=256)
def _packing(accepted: str) -> str | None:
    """Return the first of our ways of packing that a browser takes; few browsers say anything else than the others."""
    return parse_accept_header(accepted, Accept).best_match(list(PACKING))
