"""E-mail: sealed while it waits, handed over once, wiped afterwards, and silent about who and why."""

from __future__ import annotations

import email
import email.policy
import io
import json
import re
import ssl
import stat
import string
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from patient_app import diagnosis
from patient_app.accounts import mail
from patient_app.accounts.models import MailMessage, MailState, Person
from patient_app.core.config import Config, Smtp
from patient_app.core.db import Database
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from tests.conftest import free_port
from tests.factories import Made, make_person, make_practice

SetTime = Callable[[datetime | str], None]
BEGIN = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
LINK = "https://care.example/reset/" + "t" * 43

# What an e-mail may not even hint at: illness, use, medicines, therapy, the kind of place, numbers of a patient.
TELLING = """
    abuse addict alcohol anxiety appointment assess bipolar buprenorphine care chart check-in clean clinic clinician
    condition counsel craving crisis depress diagnos disorder doctor dose drink drug feeling group health help line
    hospital ill lapse medic mental missed mood naltrexone nurse opioid patient pharmac pill practice prescri private
    program psych ptsd recover relapse safety plan sober session substance suicid support symptom team therap trauma
    treat urge use visit
"""
TELLING_IN_SPANISH = """
    abus adict adicci alcohol ansi ánim apoyo atenci bipolar buprenorfina cannabis cita clínic consej consum crisis
    cuidad depres diagnóst doctor dosis droga ejercic emoci enferm equipo farmac fármac ganas grupo hospital línea médic
    medicamento medicina mental naltrexona opioid paciente pastill práctica psic psiq ptsd reca receta recuper
    salud seguridad síntoma sobri suicid sustanc terap tept tratam trauma trastorn urg uso visita
"""


class Inbox:
    """What arrived at a real mail server of this test."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.refuse = False
        self.refusal = "451 not now"
        self.refused_recipient: str | None = None  # The answer to an address, where it is none that this server has.
        self.was_encrypted: list[bool] = []

    async def handle_RCPT(  # noqa: N802 - its name.
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.refused_recipient:
            return f"{self.refused_recipient} <{address}>"
        envelope.rcpt_tos.append(address)
        return "250 taken"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name.
        if self.refuse:
            return self.refusal
        content = envelope.content
        assert isinstance(content, bytes)
        parsed = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.messages.append(parsed)
        self.recipients.extend(envelope.rcpt_tos)
        self.was_encrypted.append(session.ssl is not None)
        return "250 taken"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def patient(store: Store) -> Made:
    return make_person(store, make_practice(store, "Quiet Harbour Recovery"), Role.PATIENT, name="Rosalind Ashby")


def server(inbox: Inbox, **options: Any) -> Iterator[int]:
    port = free_port()
    controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.fixture
def plain_server(inbox: Inbox) -> Iterator[int]:
    yield from server(inbox)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """Make a certificate for localhost and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = tmp_path / "certificate.pem", tmp_path / "key.pem"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_file, key_file


def over(store: Store, smtp: Smtp) -> Store:
    return Store(replace(store.config, smtp=smtp), store.database, store.vault)


def queue(store: Store, person: Made, template: str = "reset") -> None:
    with store.work(writes=True):
        mail.tell(db().get_one(Person, person.id), template, link=LINK)


def rows(store: Store) -> list[MailMessage]:
    with store.work(writes=False):
        return list(db().scalars(select(MailMessage).order_by(MailMessage.id)))


# --- over SMTP -------------------------------------------------------------------------------------------------


def test_a_message_is_handed_to_a_mail_server(store: Store, patient: Made, inbox: Inbox, plain_server: int) -> None:
    through = over(store, Smtp("localhost", plain_server, security="none"))
    queue(store, patient)
    assert mail.deliver_due(through) == 1
    assert mail.deliver_due(through) == 0
    (message,) = inbox.messages
    assert inbox.recipients == [patient.email]
    assert message["Subject"] == "Choose a new password"
    assert message["From"] == "no-reply@localhost"
    assert message["Auto-Submitted"] == "auto-generated"
    assert LINK in message.get_content()
    (row,) = rows(store)
    assert message["Message-ID"] == f"<{row.id}@localhost>"
    assert row.state == MailState.SENT


def test_what_was_sent_is_wiped(store: Store, patient: Made, inbox: Inbox, plain_server: int) -> None:
    queue(store, patient)
    (before,) = rows(store)
    assert before.address_sealed is not None
    mail.deliver_due(over(store, Smtp("localhost", plain_server, security="none")))
    (row,) = rows(store)
    assert row.address_sealed is row.subject_sealed is row.body_sealed is None


def test_starttls_is_used_and_the_certificate_checked(
    *,
    store: Store,
    patient: Made,
    inbox: Inbox,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    set_time: SetTime,
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    known = {b"tandem": b"a secret"}

    def check(_server: object, _session: object, _envelope: object, _mechanism: str, data: object) -> AuthResult:
        right = isinstance(data, LoginPassword) and known.get(data.login) == data.password
        return AuthResult(success=right)

    options = {"tls_context": context, "require_starttls": True, "authenticator": check, "auth_required": True}
    for port in server(inbox, **options):
        through = over(store, Smtp("localhost", port, username="tandem", password="a secret"))
        queue(store, patient)
        assert mail.deliver_due(through) == 0, "nobody vouches for this certificate"
        assert inbox.messages == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        set_time(datetime.now(UTC) + timedelta(minutes=2))
        assert mail.deliver_due(through) == 1
        assert inbox.was_encrypted == [True]


def test_tls_from_the_start(
    store: Store, patient: Made, inbox: Inbox, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    port = free_port()
    controller = Controller(inbox, hostname="127.0.0.1", port=port, ssl_context=context)
    controller.start()
    try:
        queue(store, patient)
        assert mail.deliver_due(over(store, Smtp("localhost", port, security="tls"))) == 1
    finally:
        controller.stop()
    assert inbox.recipients == [patient.email]


def test_a_server_without_starttls_gets_nothing(store: Store, patient: Made, inbox: Inbox, plain_server: int) -> None:
    queue(store, patient)
    assert mail.deliver_due(over(store, Smtp("localhost", plain_server))) == 0
    assert inbox.messages == []


def test_a_refused_message_is_tried_again_later_and_given_up_after_eight_tries(
    store: Store, patient: Made, inbox: Inbox, plain_server: int, set_time: SetTime
) -> None:
    through = over(store, Smtp("localhost", plain_server, security="none"))
    inbox.refuse = True
    moment = BEGIN
    set_time(moment)
    queue(store, patient)
    waited = []
    mail.deliver_due(through)
    while (row := rows(store)[0]).state == MailState.QUEUED:
        waited.append((row.next_try_at - moment) // timedelta(minutes=1))
        moment = row.next_try_at
        set_time(moment - timedelta(seconds=1))
        mail.deliver_due(through)
        assert rows(store)[0].tries == row.tries, "not a second too early"
        set_time(moment)
        mail.deliver_due(through)
    assert waited == [1, 5, 30, 120, 120, 120, 120]
    assert row.state == MailState.FAILED
    assert row.tries == 8
    assert row.body_sealed is None
    inbox.refuse = False
    set_time(moment + timedelta(days=1))
    assert mail.deliver_due(through) == 0


def test_a_message_that_was_refused_arrives_later(
    store: Store, patient: Made, inbox: Inbox, plain_server: int, set_time: SetTime
) -> None:
    through = over(store, Smtp("localhost", plain_server, security="none"))
    set_time(BEGIN)
    inbox.refuse = True
    queue(store, patient)
    mail.deliver_due(through)
    inbox.refuse = False
    set_time(BEGIN + timedelta(minutes=1))
    assert mail.deliver_due(through) == 1
    assert len(inbox.messages) == 1


@pytest.mark.parametrize("where", ["its address", "its words"])
def test_what_is_refused_for_good_is_given_up_at_once_and_the_operator_is_told(
    *, store: Store, patient: Made, inbox: Inbox, plain_server: int, where: str, log_lines: io.StringIO
) -> None:
    through = over(store, Smtp("localhost", plain_server, security="none"))
    if where == "its address":
        inbox.refused_recipient = "550 5.1.1 nobody of that name:"
    else:
        inbox.refuse, inbox.refusal = True, "554 5.7.1 not from you"
    queue(store, patient)
    assert mail.deliver_due(through) == 0
    (row,) = rows(store)
    assert (row.state, row.tries, row.address_sealed, row.body_sealed) == (MailState.FAILED, 1, None, None)
    (line,) = (json.loads(line) for line in log_lines.getvalue().splitlines())
    assert (line["event"], line["level"], line["mail_id"]) == ("mail given up", "error", str(row.id))
    assert line["smtp"] == (550 if where == "its address" else 554)
    for telling in (patient.email, "nobody of that name", "not from you"):
        assert telling not in log_lines.getvalue()
    told = {found.subject: found for found in diagnosis.examine(store.config)}
    assert told["messages"].state is diagnosis.State.NOTE
    assert told["messages"].words.startswith("1 of the last 7 days could not be sent")


def test_where_nothing_failed_the_operator_is_told_nothing(store: Store) -> None:
    assert "messages" not in {found.subject for found in diagnosis.examine(store.config)}


@pytest.mark.parametrize("answer", ["450 the mailbox is busy", "421 closing"])
def test_an_address_that_is_refused_for_now_is_tried_again(
    store: Store, patient: Made, inbox: Inbox, plain_server: int, answer: str
) -> None:
    inbox.refused_recipient = answer
    queue(store, patient)
    assert mail.deliver_due(over(store, Smtp("localhost", plain_server, security="none"))) == 0
    (row,) = rows(store)
    assert (row.state, row.tries) == (MailState.QUEUED, 1)


def test_a_refused_password_of_ours_loses_no_message(
    store: Store, patient: Made, inbox: Inbox, log_lines: io.StringIO
) -> None:
    def refuse(*_given: object) -> AuthResult:
        return AuthResult(success=False, handled=False)

    options = {"authenticator": refuse, "auth_require_tls": False}
    for port in server(inbox, **options):
        queue(store, patient)
        through = over(store, Smtp("localhost", port, username="tandem", password="old", security="none"))
        assert mail.deliver_due(through) == 0
        (row,) = rows(store)
        assert (row.state, row.tries) == (MailState.QUEUED, 1)
        assert '"smtp": 535' in log_lines.getvalue()


def test_a_server_that_is_not_there_stops_nothing(store: Store, patient: Made) -> None:
    queue(store, patient)
    assert mail.deliver_due(over(store, Smtp("localhost", free_port(), security="none"))) == 0
    (row,) = rows(store)
    assert row.state == MailState.QUEUED


def test_two_workers_hand_each_message_over_once(store: Store, patient: Made, inbox: Inbox, plain_server: int) -> None:
    through = over(store, Smtp("localhost", plain_server, security="none"))
    for _ in range(12):
        queue(store, patient)
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: mail.deliver_due(through), range(3)))
    assert sum(done) == len(inbox.messages) == 12
    assert len({message["Message-ID"] for message in inbox.messages}) == 12


def test_a_message_of_a_worker_that_died_is_handed_over_by_the_next(
    store: Store, patient: Made, set_time: SetTime
) -> None:
    set_time(BEGIN)
    queue(store, patient)
    with store.work(writes=True):
        assert mail._claim() is not None
    assert mail.deliver_due(store) == 0
    set_time(BEGIN + mail.CLAIMED)
    assert mail.deliver_due(store) == 1


def test_a_message_of_somebody_whose_key_is_gone_is_given_up(store: Store, patient: Made) -> None:
    queue(store, patient)
    store.keys.destroy(patient.id)
    assert mail.deliver_due(store) == 0
    (row,) = rows(store)
    assert row.state == MailState.FAILED


@pytest.mark.parametrize("address", ["a\nBcc: b@example.org", "no address", "@", "a@b@c", "\u202e@example.org"])
def test_a_strange_address_stops_nothing(
    store: Store, patient: Made, inbox: Inbox, plain_server: int, address: str
) -> None:
    with store.work(writes=True):
        mail.queue_mail(patient.id, address, "account_news")
    queue(store, patient)
    assert mail.deliver_due(over(store, Smtp("localhost", plain_server, security="none"))) >= 1
    assert patient.email in inbox.recipients
    assert not [message for message in inbox.messages if message["Bcc"]]


# --- without a mail server -------------------------------------------------------------------------------------


def test_without_a_mail_server_messages_become_files(
    store: Store, patient: Made, config: Config, log_lines: Any
) -> None:
    queue(store, patient)
    assert mail.deliver_due(store) == 1
    outbox = config.instance / "outbox"
    (file,) = outbox.iterdir()
    assert file.suffix == ".eml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(outbox.stat().st_mode) == 0o700
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert message["To"] == patient.email
    assert LINK.encode() in file.read_bytes(), "the link stands in one line, to be copied"
    assert '"to": "outbox"' in log_lines.getvalue()
    assert patient.email not in log_lines.getvalue()


def test_without_an_address_nothing_is_queued(store: Store, patient: Made) -> None:
    with store.work(writes=True):
        assert mail.queue_mail(patient.id, None, "reset", link=LINK) is None
        assert mail.queue_mail(patient.id, "", "reset", link=LINK) is None
    assert rows(store) == []


def test_the_queue_is_sealed(store: Store, patient: Made, config: Config) -> None:
    queue(store, patient)
    with store.database.session(writes=False) as session:
        session.connection().exec_driver_sql("SELECT 1")
    kept = b"".join(file.read_bytes() for file in config.instance.glob("tandem.sqlite*"))
    for secret in (patient.email, LINK, "Choose a new password"):
        assert secret.encode() not in kept


def test_old_rows_are_removed(store: Store, patient: Made, set_time: SetTime) -> None:
    set_time(BEGIN)
    queue(store, patient)
    mail.deliver_due(store)
    queue(store, patient)
    set_time(BEGIN + timedelta(days=8))
    with store.work(writes=True):
        assert mail.prune() == 1
    (row,) = rows(store)
    assert row.state == MailState.QUEUED


# --- what the texts say ----------------------------------------------------------------------------------------


def texts(language: str = "en") -> list[Path]:
    return [file for file in sorted(mail.MESSAGES.glob("*.txt")) if (len(file.suffixes) > 1) == (language != "en")]


def test_every_text_has_a_subject_and_known_places() -> None:
    assert len(texts()) >= 8
    assert [file.name.replace(".es", "") for file in texts("es")] == [file.name for file in texts()]
    for file in (*texts(), *texts("es")):
        lines = file.read_text(encoding="utf-8").splitlines()
        assert lines[0].strip(), file.name
        assert lines[1] == "", file.name
        places = {name for _, name, _, _ in string.Formatter().parse("\n".join(lines)) if name}
        assert places <= {"link", "home", "hours", "product"}, file.name
        assert file in texts("es") or all(line.isascii() for line in lines), (
            f"{file.name}: plain letters arrive everywhere"
        )


@pytest.mark.parametrize("file", [*texts(), *texts("es")], ids=lambda file: file.stem)
def test_no_text_hints_at_who_or_why(file: Path) -> None:
    said = re.sub(r"\{\w+\}\S*", " ", file.read_text(encoding="utf-8").casefold())
    telling = re.findall(r"\S+", TELLING_IN_SPANISH if file in texts("es") else TELLING)
    found = [word for word in telling if re.search(rf"\b{re.escape(word)}", said)]
    assert not found, f"{file.name} says {found}"


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_message_names_the_person_or_the_practice(
    store: Store, patient: Made, config: Config, language: str
) -> None:
    with store.work(writes=True):
        person = db().get_one(Person, patient.id)
        person.language = language
        for file in texts():
            mail.tell(person, file.stem, link=LINK, hours=72)
    assert mail.deliver_due(store) == len(texts())
    for file in (config.instance / "outbox").iterdir():
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        content = f"{message.items()} {message.get_content()}"
        for word in (*patient.name.split(), "Quiet Harbour", "Recovery"):
            assert word not in content.replace(patient.email, "")


def test_the_other_database_is_not_needed_to_look(store: Store, config: Config) -> None:
    """Looking for work takes no writer lock: a second writer may hold it."""
    other = Database(config.database_url)
    with other.session(writes=True):
        assert mail.deliver_due(store) == 0
    other.close()
