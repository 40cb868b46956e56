"""The worker: what it does at each tick, that one job's fault stays its own, and the whole as a process."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.message import Message
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from flask import Flask
from sqlalchemy import select

from patient_app import worker
from patient_app.accounts import links, mail
from patient_app.accounts.models import LinkPurpose, MailMessage, MailState, OneTimeLink
from patient_app.core import clock
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from patient_app.push import vapid
from patient_app.reminders.models import Occurrence, Reminder
from patient_app.reminders.models import State as OccurrenceState
from tests import factories
from tests.conftest import free_port
from tests.features.cli.program import Program, wait_until
from tests.features.push.receivers import Browser, subscribe
from tests.features.reminders.made import remind

SECRET = "a word that nobody may read"


# ------------------------------------------------------------------------------------------------------- each tick
@pytest.mark.parametrize("name", [job.name for job in worker.JOBS])
def test_every_job_runs_where_there_is_nothing_to_do(
    app: Flask, store: Store, name: str, log_lines: io.StringIO
) -> None:
    job = next(job for job in worker.JOBS if job.name == name)
    worker.run_job(app, store, job)
    assert log_lines.getvalue() == ""


def test_a_failing_job_is_logged_without_anybodys_words_and_stops_nothing(
    app: Flask, store: Store, log_lines: io.StringIO
) -> None:
    def fail(_store: Store) -> int:
        raise ValueError(SECRET)

    worker.run_job(app, store, worker.Job("fails", timedelta(seconds=1), fail))
    worker.run_job(app, store, worker.Job("works", timedelta(seconds=1), lambda _store: 3))
    failed, done = (json.loads(line) for line in log_lines.getvalue().splitlines())
    assert (failed["event"], failed["job"], failed["error"]) == ("job failed", "fails", "ValueError")
    assert (done["event"], done["job"], done["count"]) == ("job done", "works", 3)
    assert SECRET not in log_lines.getvalue()


@pytest.mark.sqlite
def test_a_missing_database_stops_no_job_for_good(app: Flask, store: Store, log_lines: io.StringIO) -> None:
    file = store.database.file
    assert file is not None
    store.database.close()
    away = file.rename(file.with_suffix(".away"))
    for job in worker.JOBS:
        worker.run_job(app, store, job)
    assert not file.exists()
    assert log_lines.getvalue().count("job failed") >= 1
    away.rename(file)
    before = log_lines.tell()
    for job in worker.JOBS:
        worker.run_job(app, store, job)
    assert "job failed" not in log_lines.getvalue()[before:]


def test_old_links_go_and_young_ones_stay(app: Flask, store: Store, log_lines: io.StringIO) -> None:
    patient = factories.make_patient(store, factories.make_practice(store))
    with store.work(writes=True):
        for hours in (72, -31 * 24):
            links.make_link(LinkPurpose.JOIN, practice_id=patient.practice_id, person_id=patient.id, hours=hours)
    worker.run_job(app, store, next(job for job in worker.JOBS if "links" in job.name))
    with store.work(writes=False):
        (expires_at,) = db().scalars(select(OneTimeLink.expires_at)).all()
    assert expires_at > clock.now()
    (said,) = (json.loads(line) for line in log_lines.getvalue().splitlines())
    assert (said["event"], said["count"]) == ("job done", 1)


# ------------------------------------------------------------------------------------------------------- as a process
@dataclass
class Mailbox(MessageHandler):
    """A mail server that keeps what it gets."""

    received: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_message(self, message: Message) -> None:
        self.received.append(message)


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """Run a real mail server on this machine."""
    kept, port = Mailbox(), free_port()
    controller = Controller(kept, hostname="127.0.0.1", port=port)
    controller.start()
    yield kept, port
    controller.stop()


def queue(store: Store) -> uuid.UUID:
    practice = factories.make_practice(store)
    person = factories.make_person(store, practice, Role.SUPPORTER)
    with store.work(writes=True):
        message = mail.queue_mail(person.id, "marcus@example.org", "account_news")
        assert message is not None
        return message.id


@pytest.fixture
def program(store: Store) -> Program:
    """Return the command line over the test's own databases."""
    config = store.config
    return Program(
        config.instance,
        {
            "DATABASE_URL": config.database_url,
            "KEYS_DATABASE_URL": config.keys_database_url,
            "MASTER_KEY": config.master_key,
            "BASE_URL": config.base_url,
        },
    )


@pytest.mark.slow
def test_it_hands_a_message_to_a_real_mail_server_and_ends_when_asked(
    store: Store, program: Program, mailbox: tuple[Mailbox, int]
) -> None:
    kept, port = mailbox
    queue(store)
    smtp = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "SMTP_SECURITY": "none"}
    with program.running("worker", ready="worker started", **smtp) as running:
        wait_until(lambda: bool(kept.received))
        running.wait_for("mail handed over")
        assert running.end() == 0
        lines = [json.loads(line) for line in running.text.splitlines()]
    assert [line["event"] for line in lines][-1] == "worker ended"
    assert "marcus" not in running.text
    (message,) = kept.received
    assert message["To"] == "marcus@example.org"
    with store.work(writes=False):
        (row,) = db().scalars(select(MailMessage)).all()
        assert (row.state, row.address_sealed, row.body_sealed) == (MailState.SENT, None, None)


@pytest.mark.slow
def test_without_a_mail_server_it_writes_files_that_only_we_can_read(store: Store, program: Program) -> None:
    message_id = queue(store)
    outbox = store.config.instance / "outbox"
    with program.running("worker", ready="worker started") as running:
        wait_until(lambda: bool(list(outbox.glob("*.eml"))))
        assert running.end() == 0
    (file,) = outbox.glob("*.eml")
    assert str(message_id) in file.name
    assert _mode(file) == 0o600
    assert _mode(outbox) == 0o700


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_mail_goes_out_within_seconds_and_ends_of_chains_are_kept_within_a_minute() -> None:
    every = {job.name: job.every for job in worker.JOBS}
    assert every["deliver mail"] == every["handle reset requests"] == timedelta(seconds=5)
    assert every["anchor access records"] == every["expire consents"] == timedelta(minutes=1)
    assert len(every) == len(worker.JOBS)


@contextmanager
def deaf() -> Iterator[tuple[int, list[socket.socket]]]:
    """Listen on a free port, take every connection, and never say a word; give the port and who came."""
    came: list[socket.socket] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def take() -> None:
            with suppress(OSError):
                while True:
                    came.append(listening.accept()[0])

        threading.Thread(target=take, daemon=True).start()
        yield int(listening.getsockname()[1]), came
        for connection in came:
            connection.close()


@pytest.mark.slow
@pytest.mark.sqlite
def test_asked_to_end_it_is_gone_in_time_whoever_hangs_and_the_next_one_has_what_it_left(
    store: Store, program: Program
) -> None:
    """A mail server that hangs holds its job up for longer than the end may take; a push service does not."""
    queue(store)
    with deaf() as (mail_port, mails), deaf() as (push_port, pushes):
        config = replace(store.config, push_services=f"http://localhost:{push_port}")
        vapid.make_keys(config)
        patient = factories.make_patient(store, factories.make_practice(store, zone="UTC"))
        subscribe(Store(config, store.database, store.vault), patient, Browser(f"http://localhost:{push_port}/one"))
        now = clock.now()
        reminder = remind(store, patient, now.hour * 60 + now.minute)
        with store.work(writes=True):
            db().get_one(Reminder, reminder).next_at = now.replace(second=0, microsecond=0)
        settings = {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(mail_port),
            "SMTP_SECURITY": "none",
            "PUSH_SERVICES": config.push_services,
        }
        with program.running("worker", ready="worker started", **settings) as running:
            wait_until(lambda: bool(mails and pushes))
            begun = time.monotonic()
            assert running.end() == 0
            assert time.monotonic() - begun < 8
            assert "worker ended" in running.text
    with store.work(writes=False):
        (one,) = db().scalars(select(Occurrence))
        assert (one.state, one.claim) == (OccurrenceState.WAITING, None)
        (message,) = db().scalars(select(MailMessage))
        assert message.state == MailState.QUEUED
