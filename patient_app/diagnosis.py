"""What `diagnose` and `routes` tell the operator. No secret and no word of anybody's is in it."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from importlib import metadata
from pathlib import Path

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.exc import DBAPIError

from patient_app import serve, set_up
from patient_app.accounts.mail import KEPT_AFTER_SENDING
from patient_app.accounts.models import InstallationKind, MailMessage, MailState, Practice
from patient_app.backup import taking
from patient_app.core import access, clock, installation, migrate
from patient_app.core.config import Config, ConfigError
from patient_app.core.db import Database
from patient_app.core.work import Store, db
from patient_app.learn import checking, content
from patient_app.push import vapid

MAIL_WAITS_AT_MOST = timedelta(minutes=10)
_OTHERS = 0o077


class State(StrEnum):
    """Whether something is as it should be, worth knowing, or wrong."""

    OK = "ok"
    NOTE = "note"
    FAULT = "FAULT"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a diagnosis."""

    state: State
    subject: str
    words: str


def examine(config: Config) -> list[Finding]:
    """Look at everything an installation needs; what cannot be looked at is a fault, never an exception."""
    findings = [_versions(), *_zones(), _folder(config), *_addresses(config), *_mail(config)]
    findings += [
        _database("database", "main", config.database_url),
        _database("key store", "keys", config.keys_database_url),
    ]
    findings += [_master_key(config), _push_key(config), _push_contact(config), *_lessons(config), _backups(config)]
    try:
        with set_up.opened(config) as store:
            findings += _contents(store)
    except ConfigError as error:
        findings.append(Finding(State.FAULT, "installation", str(error)))
    return findings


def _versions() -> Finding:
    names = ("flask", "sqlalchemy", "granian", "cryptography")
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in names)
    return Finding(State.OK, "versions", f"Python {platform.python_version()}, {versions}")


def _zones() -> Iterator[Finding]:
    known = len(clock.zone_names())
    state = State.OK if clock.find_zone("America/Los_Angeles") else State.FAULT
    yield Finding(state, "clock", f"{clock.now():%Y-%m-%d %H:%M:%S} UTC by this machine; {known} time zones known")


def _folder(config: Config) -> Finding:
    if not config.instance.is_dir():
        return Finding(State.NOTE, "instance", f"{config.instance} is not there yet")
    if config.instance.stat().st_mode & _OTHERS:
        return Finding(State.NOTE, "instance", f"{config.instance} is open to other users; chmod 700 closes it")
    return Finding(State.OK, "instance", f"{config.instance}, for this user only")


def _addresses(config: Config) -> Iterator[Finding]:
    try:
        web = serve.WebSettings.from_env()
        yield Finding(State.OK, "web server", f"{web.host}:{web.port}, {web.workers} processes x {web.threads} threads")
    except ConfigError as error:
        yield Finding(State.FAULT, "web server", str(error))
    if config.secure_cookies:
        yield Finding(State.OK, "address", f"{config.base_url}; cookies are Secure and __Host-")
        if not config.trusted_proxies:
            yield Finding(
                State.NOTE, "proxies", "TRUSTED_PROXIES is 0: behind a proxy, sign-in counts everybody as one network"
            )
    else:
        yield Finding(State.NOTE, "address", f"{config.base_url}; cookies without Secure, for this machine only")


def _mail(config: Config) -> Iterator[Finding]:
    if config.smtp is None:
        yield Finding(State.NOTE, "mail", f"no SMTP_HOST: messages are written to {config.instance / 'outbox'}")
    else:
        server = config.smtp
        yield Finding(State.OK, "mail", f"{server.host}:{server.port}, {server.security}, from {config.mail_sender}")


def _database(subject: str, which: migrate.Which, url: str) -> Finding:
    database = Database(url)
    try:
        place = str(database.file) if database.file is not None else database.url.render_as_string()
        if database.file is not None and not database.file.exists():
            return Finding(State.FAULT, subject, f"{place} is not there")
        found, wanted = migrate.current(database), migrate.head(which)
        state = State.OK if found == wanted else State.FAULT
        return Finding(state, subject, f"{place}, {_server(database)}, migration {found or 'none'} of {wanted}")
    except DBAPIError as error:
        return Finding(State.FAULT, subject, installation.reason(error))
    finally:
        database.close()


def _server(database: Database) -> str:
    asked = "SELECT sqlite_version()" if database.is_sqlite else "SHOW server_version"
    with database.engine.connect() as connection:
        version = connection.execute(text(asked)).scalar()
    return f"{'SQLite' if database.is_sqlite else 'PostgreSQL'} {version}"


def _master_key(config: Config) -> Finding:
    try:
        keys = installation.master_keys(config)
    except ConfigError as error:
        return Finding(State.FAULT, "master key", str(error))
    ids = ", ".join(key.id for key in keys)
    if not config.master_key:
        return Finding(State.NOTE, "master key", f"{ids}, in {installation.own_key_file(config)}: a demonstration's")
    file = Path(config.master_key.removeprefix("file:")).expanduser()
    if config.master_key.startswith(("/", "./", "~", "file:")):
        if file.stat().st_mode & _OTHERS:
            return Finding(State.FAULT, "master key", f"{ids}, in {file}: other users can read it; chmod 600 closes it")
        return Finding(State.OK, "master key", f"{ids}, in {file}")
    return Finding(State.OK, "master key", f"{ids}, in the environment")


def _push_key(config: Config) -> Finding:
    try:
        keys = vapid.read_keys(config)
    except ConfigError as error:
        return Finding(State.FAULT, "push key", str(error))
    if not keys:
        return Finding(State.NOTE, "push key", f"{vapid.key_file(config)} is not there yet; `migrate` makes it")
    return Finding(State.OK, "push key", f"{len(keys)} in {vapid.key_file(config)}")


def _push_contact(config: Config) -> Finding:
    address = vapid.contact(config)
    if vapid.is_public(address):
        return Finding(State.OK, "push contact", f"{address}, told to push services")
    words = f"Apple refuses messages from {address}: iPhones get none until MAIL_SENDER is a public mail address"
    return Finding(State.NOTE, "push contact", words)


def _lessons(config: Config) -> Iterator[Finding]:
    if config.lessons_path:
        number, problems = checking.check(Path(config.lessons_path))
        state = State.NOTE if problems else State.OK
        words = (
            f"{len(problems)} to mend; `lessons check {config.lessons_path}` says where" if problems else "as they are"
        )
        yield Finding(state, "lessons", f"{number} in {config.lessons_path}, {words}")


def _backups(config: Config) -> Finding:
    if not config.backup_public_key:
        return Finding(State.NOTE, "backups", "no BACKUP_PUBLIC_KEY: `backup` makes none here")
    try:
        return Finding(State.OK, "backups", f"encrypted to {taking.public_key(config).text}")
    except ConfigError as error:
        return Finding(State.FAULT, "backups", str(error))


def _contents(store: Store) -> Iterator[Finding]:
    """Look inside; the key store opened with the master key when this is called."""
    yield Finding(State.OK, "key store", "opens with the master key")
    kind = set_up.kind_of(store)
    yield _kind(store.config, kind)
    with store.work(writes=False):
        practices = db().scalars(select(Practice).order_by(Practice.created_at, Practice.id)).all()
        for practice in practices:
            if clock.find_zone(practice.zone) is None:
                yield Finding(State.FAULT, "practice", f"this machine does not know the time zone {practice.zone}")
        yield from _own_lessons(store.config, practices)
        yield _waiting_mail()
        yield from _failed_mail()


def _own_lessons(config: Config, practices: Sequence[Practice]) -> Iterator[Finding]:
    """Say where each practice of several has lessons of its own, and which folder belongs to none."""
    folder = Path(config.lessons_path)
    own = content.of_practices(folder) if config.lessons_path else {}
    if config.lessons_path and (own or len(practices) > 1):
        for practice in practices:
            words = "" if practice.id in own else ", which is not there: it has none of its own"
            yield Finding(State.OK, "lessons", f"of {practice.name}: {content.PRACTICES}/{practice.id}{words}")
    for unknown in own.keys() - {practice.id for practice in practices}:
        words = f"{content.PRACTICES}/{unknown} is read by nobody: no practice has this id"
        yield Finding(State.NOTE, "lessons", words)


def _kind(config: Config, kind: InstallationKind | None) -> Finding:
    if kind is None:
        return Finding(State.NOTE, "installation", "empty: neither set up nor a demonstration")
    if kind is InstallationKind.REAL and not config.master_key:
        return Finding(State.FAULT, "installation", "a real practice whose master key lies beside its databases")
    return Finding(State.OK, "installation", "a real practice" if kind is InstallationKind.REAL else "a demonstration")


def _waiting_mail() -> Finding:
    overdue = MailMessage.next_try_at < clock.now() - MAIL_WAITS_AT_MOST
    late = _messages(MailState.QUEUED, overdue)
    if late:
        return Finding(State.FAULT, "worker", f"{late} messages wait for more than ten minutes: it does not run")
    return Finding(State.OK, "worker", f"{_messages(MailState.QUEUED)} messages wait")


def _failed_mail() -> Iterator[Finding]:
    failed = _messages(MailState.FAILED)
    if failed:
        words = f"{failed} of the last {KEPT_AFTER_SENDING.days} days could not be sent: see `mail given up` in the log"
        yield Finding(State.NOTE, "messages", words)


def _messages(state: MailState, *conditions: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(MailMessage).where(MailMessage.state == state, *conditions)
    return db().scalar(query) or 0


def routes() -> list[tuple[str, str, str, str]]:
    """Return (methods, address, permission, endpoint) of every route, by address; needs no installation."""
    from patient_app.factory import create_app  # noqa: PLC0415 - imports every feature.

    with tempfile.TemporaryDirectory(prefix="tandem-routes-") as folder:
        config = Config(instance=Path(folder))
        installation.make_own_key(config)
        installation.migrate_all(config)
        with set_up.opened(config) as store:
            app = create_app(config, store)
    rows = []
    for rule in app.url_map.iter_rules():
        policy = access.policy_of(app, rule.endpoint)
        methods = ", ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        permission = str(policy.permission) if policy else "none"
        if policy and policy.step_up:
            permission += " (password again)"
        rows.append((methods, rule.rule, permission, rule.endpoint))
    return sorted(rows, key=lambda row: (row[1], row[0]))
