"""Default deny: a route without a permission stops the application from starting."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from patient_app.core import access
from patient_app.core.access import PERMITTED, Permission, check_url_map, policy_of
from patient_app.core.roles import Role


def _view() -> str:
    return "words"


def _logged(view: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return wrapper


def _careless(view: Callable[..., Any]) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return wrapper


def test_a_route_without_a_permission_is_named() -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/marked", "marked", access.access(Permission.PUBLIC)(_view))
    app.add_url_rule("/forgotten", "forgotten", lambda: "words")
    with pytest.raises(RuntimeError, match="/forgotten") as caught:
        check_url_map(app)
    assert "/marked" not in str(caught.value)


def test_flasks_own_static_route_is_noticed_too() -> None:
    app = Flask(__name__)
    with pytest.raises(RuntimeError, match="/static"):
        check_url_map(app)


def test_the_marker_may_stand_above_or_below_the_route() -> None:
    app = Flask(__name__, static_folder=None)

    def below() -> str:
        return "words"

    @access.access(Permission.TODAY_READ)
    @app.get("/above")
    def above() -> str:
        return "words"

    app.get("/below")(access.access(Permission.TODAY_READ)(below))
    check_url_map(app)
    for endpoint in ("above", "below"):
        policy = policy_of(app, endpoint)
        assert policy is not None
        assert policy.permission is Permission.TODAY_READ


def test_a_decorator_that_keeps_the_names_keeps_the_marker_and_another_is_noticed() -> None:
    app = Flask(__name__, static_folder=None)

    @access.access(Permission.TODAY_READ)
    def kept() -> str:
        return "words"

    app.add_url_rule("/kept", "kept", _logged(kept))
    check_url_map(app)
    app.add_url_rule("/lost", "lost", _careless(kept))
    with pytest.raises(RuntimeError, match="/lost"):
        check_url_map(app)


def test_something_else_under_the_markers_name_is_no_marker() -> None:
    app = Flask(__name__, static_folder=None)

    def forged() -> str:
        return "words"

    forged.access_policy = {"permission": "public:open"}  # type: ignore[attr-defined]  # That is what is refused.
    app.add_url_rule("/forged", "forged", forged)
    with pytest.raises(RuntimeError, match="/forged"):
        check_url_map(app)


def test_every_permission_says_for_whom_and_none_is_for_nobody() -> None:
    assert set(PERMITTED) == set(Permission)
    assert all(roles and roles <= set(Role) for roles in PERMITTED.values())


def test_permissions_stand_in_alphabetical_order_and_name_resource_and_action() -> None:
    names = [permission.name for permission in Permission]
    assert names == sorted(names)
    assert all(len(permission.split(":")) == 2 for permission in Permission)


def test_nobody_but_patients_writes_as_a_patient_and_nobody_but_administrators_manages() -> None:
    for permission in (Permission.CHECK_INS_READ, Permission.CHECK_INS_WRITE, Permission.SHARING_MANAGE):
        assert PERMITTED[permission] == {Role.PATIENT}
    assert PERMITTED[Permission.PRACTICE_MANAGE] == {Role.ADMINISTRATOR}
    assert PERMITTED[Permission.TEAM_READ] == {Role.CLINICIAN}
    assert PERMITTED[Permission.SUPPORTED_READ] == {Role.SUPPORTER}


def test_the_application_checks_its_map_at_the_very_end() -> None:
    from patient_app import factory  # noqa: PLC0415 - slow to import, or not needed by all tests here.

    lines = inspect.getsource(factory.create_app).strip().splitlines()
    assert lines[-2].strip() == "access.check_url_map(app)"
    assert lines[-1].strip() == "return app"
