"""People with browsers that get messages, and who receives them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from flask import Flask

from patient_app.core.config import Config
from patient_app.core.work import Store
from patient_app.push import sending, vapid
from patient_app.push.sending import Sender
from tests.factories import Made, MadePractice, make_patient, make_practice
from tests.features.push.receivers import RealReceiver, Service, real_receiver


@pytest.fixture
def pushing(tmp_path: Path) -> Config:
    """Return the settings of an installation without databases, with a key and one service of its own."""
    config = Config(
        instance=tmp_path / "pushing",
        mail_sender="Tandem <no-reply@care.example>",
        push_services="http://localhost:8090",
    )
    vapid.make_keys(config)
    return config


@pytest.fixture
def key(pushing: Config) -> str:
    """Return the key that browsers subscribe with."""
    return vapid.read_keys(pushing)[0].public


@pytest.fixture
def service() -> Service:
    """Return a push service that answers as it is told."""
    return Service()


@pytest.fixture
def sender(pushing: Config, service: Service) -> Iterator[Sender]:
    """Return a sender whose messages all come to that service, wherever they go."""
    made = Sender(pushing, httpx.MockTransport(service))
    yield made
    made.close()


@pytest.fixture(scope="session")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealReceiver]:
    """Start the real receiver once a run."""
    with real_receiver(tmp_path_factory.mktemp("receiver") / "log.txt") as started:
        yield started


# --- with databases ----------------------------------------------------------------------------------------------


@pytest.fixture
def config(config: Config) -> Config:
    """Return the settings of an installation that has its push key."""
    with_services = replace(config, push_services="http://localhost:8090")
    vapid.make_keys(with_services)
    return with_services


@pytest.fixture
def own_key(config: Config) -> str:
    """Return the key that browsers subscribe with at that installation."""
    return vapid.read_keys(config)[0].public


@pytest.fixture
def all_sent(config: Config, service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """Let all that the application sends come to the service that answers as it is told."""
    monkeypatch.setitem(sending._senders, config, Sender(config, httpx.MockTransport(service)))
    return service


@pytest.fixture
def practice(store: Store) -> MadePractice:
    """A practice."""
    return make_practice(store)


@pytest.fixture
def patient(store: Store, practice: MadePractice, app: Flask) -> Made:
    """Somebody who wants reminders."""
    return make_patient(store, practice)
