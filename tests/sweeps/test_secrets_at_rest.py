"""What people write and what opens doors is nowhere in plain: database files, journals, outbox, logs."""

from __future__ import annotations

import base64
import io
import re
import shutil
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import structlog
from flask import Flask
from sqlalchemy import select

from patient_app.accounts.codes import LOCATOR
from patient_app.accounts.models import Person
from patient_app.checkins.models import CheckInVersion
from patient_app.consent.models import Consent
from patient_app.core import keys, logs
from patient_app.core.config import ConfigError
from patient_app.core.installation import migrate_all, open_store
from patient_app.core.keys import make_master_key
from patient_app.core.work import Store, db
from tests.page import Page, text_of
from tests.sweeps import filling
from tests.sweeps.world import CANARIES, CANARY, IN_PLAIN, World

# Everything is sent once, by one worker (`TOGETHER` in tests/conftest.py).
MARK = f"{CANARY}typed"
SITUATIONS = ("anonymous", "half-way", "owner", "s-with", "c-with", "admin")
# These close something that others still need; they are sent last.
# (How somebody is called is offered in the form for a supporter: other words by then are a choice about nothing.)
LAST = (
    *("/welcome", "/settings/about-me"),
    *("/practice/people/<uuid:person_id>/close", "/settings/password", "/settings/second-factor", "/sign-out"),
)
# Forms that take words or make secrets; each must have been accepted, or the search below says nothing of it.
ACCEPTED = {
    "/check-in",
    "/check-in/<uuid:entry_id>/change",
    "/history/search",
    "/join/<token>",
    "/practice/patients/new",
    "/practice/people/<uuid:person_id>/chart",
    "/practice/people/<uuid:person_id>/code",
    "/practice/staff/new",
    "/settings/about-me",
    "/settings/password",
    "/settings/reminders/new",
    "/settings/second-factor",
    "/sharing/new",
    "/sharing/supporters/<uuid:link_id>/instructions",
    "/sharing/supporters/new",
    "/sign-in",
    "/sign-in/code",
}


@dataclass
class Ran:
    """What one run left behind: what was typed and not an address, what opens doors, and what only e-mails may hold."""

    world: World
    as_it_ran: Path
    log: str = ""
    typed: dict[str, bytes] = field(default_factory=dict)
    secrets: dict[str, bytes] = field(default_factory=dict)
    mailed: dict[str, bytes] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def ran(original_world: World, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Let everybody open every page and send every form with telling words, sign in, invite, fail and be refused."""
    folder, log = tmp_path_factory.mktemp("ran"), io.StringIO()
    logs.configure()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=log))
    world = original_world.copy(folder / "instance")
    run = Ran(world, folder / "as-it-ran")
    with world.opened() as (app, store):
        for situation in SITUATIONS:
            _fill_every_form(run, app, situation)
        with store.work(writes=False):
            owner = world.people["owner"]
            assert MARK in (db().get_one(Person, owner.id).name or "")
            notes = [row.note for row in db().scalars(select(CheckInVersion))]
            assert any(MARK in (note or "") for note in notes)
            assert any(row.signature == owner.name for row in db().scalars(select(Consent)))
        _deliver_mail(store)
        # While connections are open, journals and write-ahead logs are still there.
        shutil.copytree(world.config.instance, run.as_it_ran)
    run.secrets |= {f"the session of {name}": token.encode() for name, token in world.tokens.items()}
    for name, person in world.people.items():
        run.secrets[f"the password of {name}"] = person.password.encode()
        if person.totp_secret:
            run.secrets |= _of_an_app(f"the second factor of {name}", person.totp_secret)
    run.secrets["the master key"] = world.config.master_key.encode()
    run.secrets["the master key, raw"] = base64.urlsafe_b64decode(world.config.master_key)
    run.mailed["the token of a link"] = world.ids["token"].encode()
    for name, content in _files(world.config.instance / "outbox").items():
        words = message_from_bytes(content, policy=policy.default).get_content()
        links = re.findall(r"/(?:join|reset|open-entries|confirm-code)/([\w-]{20,})", words)
        run.mailed |= {f"the token in {name}": token.encode() for token in links}
    run.log = log.getvalue()
    return run


def _of_an_app(name: str, secret: str) -> dict[str, bytes]:
    return {name: secret.encode(), f"{name}, raw": base64.b32decode(secret)}


def _fill_every_form(run: Ran, app: Flask, situation: str) -> None:
    """Send every form that somebody finds, as one browser, and note what was typed and what was shown to them."""
    client = run.world.client(app, situation)
    found = list(filling.targets(app, run.world, situation))
    for target in sorted(found, key=lambda one: LAST.index(one.route) if one.route in LAST else -1):
        sent = filling.well_filled(run.world, target, MARK)
        for name, values in sent.items():
            control = target.form.controls[name]
            if control.get("type") == "password":
                run.secrets[f"{name} typed at {target.route} by {situation}"] = values[0].encode()
            elif values and MARK in values[0] and "@" not in values[0]:
                run.typed[f"{name} typed at {target.route}"] = values[0].encode()
        page = client.post(target.form.action, data=sent)
        _note_shown(run, f"at {target.route} for {situation}", target.page)
        _note_shown(run, f"after {target.route} for {situation}", page)
        if page.status_code in {200, 303}:
            run.accepted.add(target.route)
    for cookie in ("session", "device"):
        kept = client.get_cookie(cookie)
        if kept is not None:
            run.secrets[f"a cookie {cookie} of {situation}"] = kept.value.encode()
    client.get(f"/{CANARY}?{CANARY}={CANARY}", headers={"User-Agent": CANARY, "Referer": f"http://localhost/{CANARY}"})
    client.post("/sign-in", data={"sign_in_name": f"{CANARY}@example.org", "password": f"{CANARY}password"})


def _note_shown(run: Ran, where: str, page: Page) -> None:
    """Keep the codes and the secrets that a page shows once."""
    if not page.is_page:
        return
    for element in page.all("p", class_name="code"):
        shown = text_of(element)
        compact = re.sub(r"[^A-Z0-9]", "", shown)
        run.secrets |= {f"a code {where}": shown.encode(), f"a code {where}, compact": compact.encode()}
        run.secrets[f"a code {where}, its secret part"] = compact[LOCATOR:].encode()
    for element in page.all("code", class_name="secret"):
        run.secrets |= _of_an_app(f"an offer {where}", text_of(element).replace(" ", ""))
        run.secrets[f"an offer {where}, as it is shown"] = text_of(element).encode()


def _deliver_mail(store: Store) -> None:
    from patient_app.accounts import mail  # noqa: PLC0415 - slow to import, or not needed by all tests here.

    mail.deliver_due(store)


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def found_in(files: dict[str, bytes], wanted: dict[str, bytes]) -> list[str]:
    """Return which of the wanted bytes are in which file."""
    spelled = {
        name: {word, word.decode("utf-8", "ignore").encode("utf-16-le"), *_in_base64(word)}
        for name, word in wanted.items()
    }
    return [
        f"{name} is in {file}"
        for file, content in files.items()
        for name, words in spelled.items()
        if any(len(word) >= 6 and word in content for word in words)
    ]


def _in_base64(word: bytes) -> set[bytes]:
    """Return how the bytes look inside a longer text in base64, wherever in it they begin."""
    whole = (base64.b64encode(b"\0" * before + word).rstrip(b"=")[:-1] for before in range(3))
    return {text[-(-8 * before // 6) :] for before, text in enumerate(whole)}


def test_every_form_that_takes_words_or_makes_secrets_was_accepted(ran: Ran) -> None:
    assert ACCEPTED - ran.accepted == set()
    kinds = (
        *("a code after /practice/people/<uuid:person_id>/code for c-with, its secret part",),
        *("an offer at /settings/second-factor for owner", "new_password typed at /settings/password by admin"),
    )
    assert [kind for kind in kinds if kind not in ran.secrets] == []
    assert len(ran.typed) > 20
    assert len(ran.mailed) > 2


def test_no_file_of_the_databases_holds_a_word_or_a_secret(ran: Ran) -> None:
    sealed = {name: word for name, word in CANARIES.items() if name not in IN_PLAIN}
    words = {f"the word {name}": word.encode() for name, word in sealed.items()} | {"a canary": CANARY.encode()}
    everything = {**_files(ran.as_it_ran), **_files(ran.world.config.instance)}
    databases = {name: content for name, content in everything.items() if "sqlite" in name}
    assert any("tandem.sqlite-wal" in name for name in _files(ran.as_it_ran))
    assert found_in(databases, {**words, **ran.secrets, **ran.mailed}) == []


def test_the_outbox_holds_no_word_of_a_patient(ran: Ran) -> None:
    """An e-mail names its receiver and its link, and nothing that anybody wrote."""
    outbox = {name: content for name, content in _files(ran.world.config.instance).items() if "sqlite" not in name}
    words = {name: word.encode() for name, word in CANARIES.items() if "email" not in name}
    assert len(outbox) > 2
    assert found_in(outbox, {**words, **ran.typed, **ran.secrets}) == []


def test_the_log_holds_no_word_and_no_secret(ran: Ran) -> None:
    assert len(ran.log.splitlines()) > 100
    assert found_in({"the log": ran.log.encode()}, {"a canary": CANARY.encode(), **ran.secrets, **ran.mailed}) == []
    for identity in ("127.0.0.1", "Harbour", "Dr c-with"):
        assert identity not in ran.log


def test_the_scan_sees_what_is_planted(ran: Ran) -> None:
    files = {
        "a": b"xx" + CANARY.encode() + b"yy",
        "b": CANARY.encode("utf-16-le"),
        "c": base64.b64encode(CANARY.encode()),
        "d": base64.b64encode(b"a story " + CANARY.encode() + b" that goes on"),
        "e": base64.b64encode(b"a story. " + CANARY.encode() + b" that goes on"),
        "f": base64.b64encode(b"a story:  " + CANARY.encode() + b" that goes on"),
        "clean": base64.b64encode(b"a story") + b"zanar",
    }
    assert len(found_in(files, {"a canary": CANARY.encode()})) == 6
    token = next(iter(ran.secrets.values()))
    assert found_in({"a": b"\x00" + token + b"\x00"}, ran.secrets)


def test_the_main_database_alone_opens_nothing(ran: Ran, tmp_path: Path) -> None:
    stolen = tmp_path / "stolen"
    stolen.mkdir()
    shutil.copy(ran.world.config.instance / "tandem.sqlite", stolen)
    master = make_master_key()
    config = replace(ran.world.config, instance=stolen, database_url="", keys_database_url="", master_key=master)
    with pytest.raises(ConfigError):
        open_store(config)
    migrate_all(config)  # A key store of the thief's own.
    store = open_store(config)
    with store.work(writes=False):
        owner = db().get_one(Person, ran.world.people["owner"].id)
        with pytest.raises(keys.KeyGone):
            assert owner.name
    store.keys.ensure(keys.KeyKind.PATIENT, owner.id)
    with store.work(writes=False):
        from patient_app.core.vault import SealBroken  # noqa: PLC0415 - slow to import, or not needed by all tests here.

        with pytest.raises(SealBroken):
            assert db().get_one(Person, owner.id).name
    assert (
        store.vault.blind_index("sign-in name", owner.sign_in_index.hex() if owner.sign_in_index else "")
        != owner.sign_in_index
    )
    store.close()


def test_only_the_owner_of_the_machines_account_reads_the_key_of_a_demonstration(tmp_path: Path) -> None:
    from patient_app.core.config import Config  # noqa: PLC0415 - slow to import, or not needed by all tests here.
    from patient_app.core.installation import make_own_key, own_key_file  # noqa: PLC0415 - slow to import, or not needed by all tests here.

    config = Config(instance=tmp_path / "demonstration")
    make_own_key(config)
    assert own_key_file(config).stat().st_mode & 0o077 == 0
