"""E-mail: queued in the same transaction as what it tells of, handed over by the worker.

E-mail is a postcard. The texts (`content/messages/`, subject in the first line) name no person, no practice and nothing
about why somebody is here; what there is to know is read after signing in. Address and text are sealed while they wait
and wiped afterwards.
"""

from __future__ import annotations

import email.policy
import os
import smtplib
import ssl
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import CursorResult, Select, delete, select, update

from patient_app.accounts.models import MailMessage, MailState, Person, TeamMembership
from patient_app.core import clock
from patient_app.core.config import Config, Smtp
from patient_app.core.ids import new_id
from patient_app.core.keys import KeyGone
from patient_app.core.logs import logger
from patient_app.core.vault import SealBroken
from patient_app.core.work import Store, config, db

MESSAGES = Path(__file__).resolve().parents[1] / "content" / "messages"
BACK_OFF_MINUTES = (1, 5, 30, 120)
MOST_TRIES = 8
# While one worker hands a message over, no other takes it. Longer than any hand-over lasts.
CLAIMED = timedelta(minutes=5)
SECONDS = 15.0
MOST_AT_ONCE = 200
KEPT_AFTER_SENDING = timedelta(days=7)
# Long lines stay whole, so that a link can be copied from a message that was written to a file.
_POLICY = email.policy.SMTP.clone(max_line_length=900)

FAULTS = (OSError, smtplib.SMTPException, ValueError)
PERMANENT = 500  # The first of the answers by which a mail server refuses for good (RFC 5321, 4.2.1).


@dataclass(frozen=True, slots=True)
class Letter:
    """An opened message, ready to be handed over."""

    id: uuid.UUID
    created_at: datetime
    tries: int
    address: str
    subject: str
    body: str


def link_to(path: str) -> str:
    """Return the whole address of one of our pages."""
    return config().base_url + path


def queue_mail(
    owner_id: uuid.UUID, address: str | None, template_name: str, *, language: str = "en", **context: object
) -> MailMessage | None:
    """Queue a message in this unit of work, sealed under the owner's key; without an address do nothing.

    `template_name` names a file in `content/messages/`; `context` fills its places.
    """
    if not address:
        return None
    subject, body = _text(template_name, language)
    words = {"product": config().product_name, "home": config().base_url, **context}
    moment = clock.now()
    message = MailMessage(
        id=new_id(), owner_id=owner_id, created_at=moment, state=MailState.QUEUED, tries=0, next_try_at=moment
    )
    message.address = address
    message.subject = subject.format_map(words)
    message.body = body.format_map(words)
    db().add(message)
    return message


def tell(person: Person, template_name: str, **context: object) -> MailMessage | None:
    """Queue a message to a person, in their language, if we have their address."""
    return queue_mail(person.id, person.email, template_name, language=person.language, **context)


@lru_cache(maxsize=64)
def _text(name: str, language: str) -> tuple[str, str]:
    """Return subject and body; in English where there is no text in the language."""
    path = MESSAGES / f"{name}.{language}.txt"
    if not path.exists():
        path = MESSAGES / f"{name}.txt"
    subject, _, body = path.read_text(encoding="utf-8").partition("\n")
    return subject.strip(), body.strip() + "\n"


def deliver_due(store: Store) -> int:
    """Hand over what is due and return how many messages went out. Two workers at once never take the same one.

    A message is claimed and committed, handed over outside any transaction, then marked. A worker that dies in between
    leaves it to the next one: better twice (under the same Message-ID) than never.
    """
    sent = 0
    for _ in range(MOST_AT_ONCE):
        with store.work(writes=False):  # Looking takes no writer lock: most of the time there is nothing to do.
            if db().scalar(_due().limit(1)) is None:
                break
        with store.work(writes=True):
            letter = _claim()
        if letter is None:  # Another worker has it.
            break
        # Without an address the owner is gone: there is nothing left to send.
        outcome = _hand_over(store.config, letter) if letter.address else MailState.FAILED
        with store.work(writes=True):
            _mark(store, letter, outcome)
        sent += outcome is MailState.SENT
    return sent


def _due() -> Select[MailMessage]:
    due = select(MailMessage).where(MailMessage.state == MailState.QUEUED, MailMessage.next_try_at <= clock.now())
    return due.order_by(MailMessage.next_try_at, MailMessage.id)


def _claim() -> Letter | None:
    message = db().scalar(_due().limit(1).with_for_update(skip_locked=True))
    if message is None:
        return None
    message.tries += 1
    message.next_try_at = clock.now() + CLAIMED
    try:
        words = (message.address or "", message.subject or "", message.body or "")
    except (KeyGone, SealBroken):
        words = ("", "", "")
    return Letter(message.id, message.created_at, message.tries, *words)


def _mark(store: Store, letter: Letter, outcome: MailState) -> None:
    message = db().get(MailMessage, letter.id, with_for_update=True)
    if message is None or message.state != MailState.QUEUED:
        return
    if outcome is MailState.SENT and message.membership_id is not None:
        _count_as_notice(store, message)
    if outcome is MailState.QUEUED:
        minutes = BACK_OFF_MINUTES[min(letter.tries, len(BACK_OFF_MINUTES)) - 1]
        message.next_try_at = clock.now() + timedelta(minutes=minutes)
        return
    message.state = outcome
    message.address = message.subject = message.body = None


def _count_as_notice(store: Store, message: MailMessage) -> None:
    """Keep that a patient had notice of a new member of their team, once: by a mail server, and at an own address.

    A file in the outbox tells nobody; nor does an address that staff set and nobody has said is theirs.
    """
    owner = db().get(Person, message.owner_id)
    if store.config.smtp is None or owner is None or owner.email_changed_at is not None:
        return
    one = update(TeamMembership).where(TeamMembership.id == message.membership_id, TeamMembership.noticed_at.is_(None))
    db().execute(one.values(noticed_at=clock.now()))


def _hand_over(settings: Config, letter: Letter) -> MailState:
    """Return what became of a message: sent, failed for good, or queued for another try."""
    try:
        message = _compose(settings, letter)
        if settings.smtp is None:
            _write_to_outbox(settings, letter, message)
        else:
            _send(settings, settings.smtp, message)
    except FAULTS as fault:
        facts = {"mail_id": str(letter.id), "tries": letter.tries, "smtp": _smtp_code(fault), "exc_info": fault}
        if _is_refusal(fault) or letter.tries >= MOST_TRIES:
            logger().error("mail given up", **facts)
            return MailState.FAILED
        logger().warning("mail not handed over", **facts)
        return MailState.QUEUED
    logger().info("mail handed over", mail_id=str(letter.id), to="outbox" if settings.smtp is None else "smtp")
    return MailState.SENT


def _is_refusal(fault: Exception) -> bool:
    """Whether this very message can never go out: its words or its address make no mail, or the server says so.

    A refused password, sender or greeting is about our settings and concerns every message: those are tried again,
    so that nothing is lost while the operator mends them.
    """
    if isinstance(fault, ValueError) and not isinstance(fault, OSError):  # A certificate that is not trusted is both.
        return True
    of_the_message = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)
    return isinstance(fault, of_the_message) and (_smtp_code(fault) or 0) >= PERMANENT


def _smtp_code(fault: Exception) -> int | None:
    """Return the number of the server's answer; its words may repeat the address."""
    if isinstance(fault, smtplib.SMTPRecipientsRefused):  # Each message has one recipient.
        return next((code for code, _words in fault.recipients.values()), None)
    return fault.smtp_code if isinstance(fault, smtplib.SMTPResponseException) else None


def _compose(settings: Config, letter: Letter) -> EmailMessage:
    domain = settings.mail_sender.rpartition("@")[2].strip("> ") or "localhost"
    message = EmailMessage(policy=_POLICY)
    message["From"] = settings.mail_sender
    message["To"] = letter.address
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.created_at)
    message["Message-ID"] = f"<{letter.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body)
    return message


def _send(settings: Config, server: Smtp, message: EmailMessage) -> None:
    """Hand the message to the mail server; its certificate is checked."""
    own_name = urlsplit(settings.base_url).hostname or "localhost"
    trusted = ssl.create_default_context()
    if server.security == "tls":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, local_hostname=own_name, timeout=SECONDS, context=trusted
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, local_hostname=own_name, timeout=SECONDS)
    with connection:
        if server.security == "starttls":
            connection.starttls(context=trusted)  # Raises when the server does not offer it.
        if server.username:
            connection.login(server.username, server.password)
        connection.send_message(message)


def _write_to_outbox(settings: Config, letter: Letter, message: EmailMessage) -> None:
    """Keep the message as a file that only this user can read; written twice, it is one file."""
    folder = settings.instance / "outbox"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{letter.created_at:%Y%m%dT%H%M%S}-{letter.id}.eml"
    unfinished = path.with_suffix(".part")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(message.as_bytes())
    unfinished.replace(path)


def give_up_all() -> int:
    """Give up every message that waits, and wipe its words (after a restore: it went out before); return how many."""
    waiting = update(MailMessage).where(MailMessage.state == MailState.QUEUED)
    wiped = {"address_sealed": None, "subject_sealed": None, "body_sealed": None}
    result = db().execute(waiting.values(state=MailState.FAILED, **wiped))
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type that `execute` declares.
    return int(result.rowcount)


def prune() -> int:
    """Remove messages that went out, or failed, some days ago (their words are gone already); return how many."""
    before = clock.now() - KEPT_AFTER_SENDING
    old = delete(MailMessage).where(MailMessage.state != MailState.QUEUED, MailMessage.created_at < before)
    result = db().execute(old)
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type that `execute` declares.
    return int(result.rowcount)
