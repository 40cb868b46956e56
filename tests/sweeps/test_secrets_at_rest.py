"""What people write and what opens doors is nowhere in plain: database files, journals, outbox, logs."""

from __future__ import annotations

import base64
import io
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlalchemy import select

from patient_app.accounts.models import Person
from patient_app.checkins.models import CheckInVersion
from patient_app.core import keys
from patient_app.core.config import ConfigError
from patient_app.core.installation import migrate_all, open_store
from patient_app.core.keys import make_master_key
from patient_app.core.work import Store, db
from tests import factories
from tests.page import Client, FormOnPage
from tests.sweeps.world import CANARIES, CANARY, World

TYPED = {
    "text": f"{CANARY}typed",
    "email": f"{CANARY}typed@example.org",
    "tel": "555 0123 4567",
    "textarea": f"{CANARY} a longer story",
    "password": f"{CANARY} new password",
    "date": "1987-06-05",
}


# Numbers and hours of the practice are for everybody to read, and are not sealed.
NOT_FILLED = frozenset({"static_files", "machines.counters", "accounts.numbers", "accounts.hours"})


@dataclass
class Ran:
    """What one run left behind."""

    world: World
    log: str
    secrets: dict[str, bytes] = field(default_factory=dict)


def _typed(form: FormOnPage) -> dict[str, str]:
    """Return words for every field of a form that takes words."""
    answers = {}
    for name, control in form.controls.items():
        kind = "textarea" if control.tag == "textarea" else control.get("type") or "text"
        if control.tag in {"input", "textarea"} and kind in TYPED:
            answers[name] = TYPED[kind]
    return answers


@pytest.fixture
def ran(original_world: World, tmp_path: Path, log_lines: io.StringIO) -> Ran:
    """Let everybody open every page and send every form with telling words, sign in, invite, fail and be refused."""
    world = original_world.copy(tmp_path / "instance")
    secrets = {f"the session of {name}": token.encode() for name, token in world.tokens.items()}
    with world.opened() as (app, store):
        for situation in ("anonymous", "owner", "s-with", "c-with", "admin"):
            _fill_every_form(world, world.client(app, situation), secrets)
        fresh = Client(app, checked=False)
        factories.sign_in(fresh, world.people["other"])
        for cookie in ("session", "device"):
            kept = fresh.get_cookie(cookie)
            if kept is not None:
                secrets[f"a cookie {cookie}"] = kept.value.encode()
        with store.work(writes=False):
            owner = world.people["owner"]
            assert db().get_one(Person, owner.id).name == owner.name
            notes = [row.note for row in db().scalars(select(CheckInVersion))]
            assert any(CANARY in (note or "") for note in notes)
        _deliver_mail(store)
        # While connections are open, journals and write-ahead logs are still there.
        shutil.copytree(world.config.instance, tmp_path / "as-it-ran")
    for name, person in world.people.items():
        secrets[f"the password of {name}"] = person.password.encode()
        if person.totp_secret:
            secrets[f"the second factor of {name}"] = person.totp_secret.encode()
            secrets[f"the second factor of {name}, raw"] = base64.b32decode(person.totp_secret)
    secrets["the token of a link"] = world.ids["token"].encode()
    secrets["the master key"] = world.config.master_key.encode()
    secrets["the master key, raw"] = base64.urlsafe_b64decode(world.config.master_key)
    return Ran(world, log_lines.getvalue(), secrets)


def _fill_every_form(world: World, client: Client, secrets: dict[str, bytes]) -> None:
    for rule in list(client.application.url_map.iter_rules()):
        if "GET" not in (rule.methods or set()) or rule.endpoint in NOT_FILLED:
            continue
        page = client.get(world.address(rule))
        if not page.is_page:
            continue
        for form in page.forms:
            if form.method == "post" and "sign-out" not in form.action and "devices" not in form.action:
                client.post(form.action, data={**form.filled(), **_typed(form)})
    client.get(f"/{CANARY}?{CANARY}={CANARY}", headers={"User-Agent": CANARY, "Referer": f"http://localhost/{CANARY}"})
    client.post("/sign-in", data={"name": f"{CANARY}@example.org", "password": f"{CANARY}password"})


def _deliver_mail(store: Store) -> None:
    from patient_app.accounts import mail  # noqa: PLC0415 - slow to import, or not needed by all tests here.

    mail.deliver_due(store)


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def found_in(files: dict[str, bytes], wanted: dict[str, bytes]) -> list[str]:
    """Return which of the wanted bytes are in which file."""
    spelled = {
        name: {word, word.decode("utf-8", "ignore").encode("utf-16-le"), base64.b64encode(word).rstrip(b"=")[:-1]}
        for name, word in wanted.items()
    }
    return [
        f"{name} is in {file}"
        for file, content in files.items()
        for name, words in spelled.items()
        if any(len(word) >= 6 and word in content for word in words)
    ]


def test_no_file_of_the_databases_holds_a_word_or_a_secret(ran: Ran, tmp_path: Path) -> None:
    words = {f"the word {name}": word.encode() for name, word in CANARIES.items()} | {"a canary": CANARY.encode()}
    everything = {**_files(tmp_path / "as-it-ran"), **_files(ran.world.config.instance)}
    databases = {name: content for name, content in everything.items() if "sqlite" in name}
    assert any("tandem.sqlite-wal" in name for name in _files(tmp_path / "as-it-ran"))
    assert found_in(databases, {**words, **ran.secrets}) == []


def test_the_outbox_holds_no_word_of_a_patient(ran: Ran) -> None:
    """An e-mail names its receiver and its link, and nothing that anybody wrote."""
    outbox = {name: content for name, content in _files(ran.world.config.instance).items() if "sqlite" not in name}
    words = {name: word.encode() for name, word in CANARIES.items() if "email" not in name}
    passwords = {name: secret for name, secret in ran.secrets.items() if "token of a link" not in name}
    assert found_in(outbox, {**words, **passwords}) == []


def test_the_log_holds_no_word_and_no_secret(ran: Ran) -> None:
    assert len(ran.log.splitlines()) > 100
    assert found_in({"the log": ran.log.encode()}, {"a canary": CANARY.encode(), **ran.secrets}) == []
    for identity in ("127.0.0.1", "Harbour", "Dr c-with"):
        assert identity not in ran.log


def test_the_scan_sees_what_is_planted(ran: Ran) -> None:
    files = {
        "a": b"xx" + CANARY.encode() + b"yy",
        "b": CANARY.encode("utf-16-le"),
        "c": base64.b64encode(CANARY.encode()),
    }
    assert len(found_in(files, {"a canary": CANARY.encode()})) == 3
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
