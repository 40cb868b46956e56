"""The keys by which push services know us, and what is signed with them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from patient_app import diagnosis
from patient_app.core.config import Config, ConfigError
from patient_app.push import signing, vapid
from patient_app.push.signing import Signer
from patient_app.push.vapid import VapidKey

SetTime = Callable[[datetime | str], None]


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def claims_of(header: str) -> dict[str, Any]:
    """Return what a header says, after checking its signature with the key that it names, by own code."""
    scheme, _, rest = header.partition(" ")
    assert scheme == "vapid"
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    head, claims, signature = parts["t"].split(".")
    assert json.loads(_bytes(head))["alg"] == "ES256"
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(parts["k"]))
    raw = _bytes(signature)
    dss = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public.verify(dss, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    found: dict[str, Any] = json.loads(_bytes(claims))
    return found


def _signer(config: Config) -> Signer:
    return Signer(vapid.read_keys(config)[0], "no-reply@care.example")


def test_the_key_is_made_once_beside_the_master_key_and_for_its_user_alone(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    config = Config(instance=tmp_path / "instance", master_key=str(tmp_path / "etc" / "master.key"))
    assert vapid.make_keys(config)
    assert vapid.key_file(config) == tmp_path / "etc" / "push.key"
    assert vapid.key_file(config).stat().st_mode & 0o077 == 0
    before = vapid.read_keys(config)
    assert not vapid.make_keys(config)
    assert vapid.read_keys(config) == before
    assert vapid.key_file(replace(config, master_key="")) == tmp_path / "instance" / "push.key"
    assert vapid.key_file(replace(config, push_key_file="/elsewhere/key")) == Path("/elsewhere/key")
    # Where nothing can be written beside the master key, a service that starts makes it in its own folder.
    assert (
        vapid.key_file(replace(config, master_key="/nowhere/at/all/master.key")) == tmp_path / "instance" / "push.key"
    )


def test_a_new_key_stands_in_front_and_the_one_before_still_signs(pushing: Config) -> None:
    [first] = vapid.read_keys(pushing)
    vapid.rotate(pushing)
    newest, older = vapid.read_keys(pushing)
    assert (older, newest == first) == (first, False)


@pytest.mark.parametrize("words", ["not a key", "AAAA", "A" * 43, "é" * 43, "_" * 43 + "8"])
def test_a_broken_key_file_is_refused_and_its_words_are_not_told(pushing: Config, words: str) -> None:
    vapid.key_file(pushing).write_text(words, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        vapid.read_keys(pushing)
    assert words not in str(refused.value)


def test_a_key_that_cannot_be_written_says_where_else_it_may_stand(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="PUSH_KEY_FILE"):
        vapid.make_keys(Config(instance=tmp_path, push_key_file=str(tmp_path / "file" / "push.key")))


def test_a_key_does_not_show_its_secret(pushing: Config) -> None:
    [key] = vapid.read_keys(pushing)
    written = vapid.key_file(pushing).read_text().strip()
    assert written not in repr(key)
    assert key.secret.hex() not in repr(key)
    assert written not in key.public


def test_the_audience_is_the_origin_with_its_port(pushing: Config, set_time: SetTime) -> None:
    set_time("2026-05-31 12:00")
    for origin in ("https://push.example.org", "https://push.example.org:8443", "http://localhost:8090"):
        claims = claims_of(_signer(pushing).authorization(origin))
        assert claims["aud"] == origin
        assert claims["sub"] == "mailto:no-reply@care.example"
        assert claims["exp"] == int(datetime(2026, 6, 1, 0, 0, tzinfo=UTC).timestamp())


def test_a_token_is_made_once_for_an_origin_and_anew_before_it_is_over(pushing: Config, set_time: SetTime) -> None:
    signer = _signer(pushing)
    set_time("2026-05-31 12:00")
    first, other = signer.authorization("https://one.example"), signer.authorization("https://two.example")
    assert first != other
    set_time("2026-05-31 17:59")
    assert signer.authorization("https://one.example") == first
    set_time("2026-05-31 18:00")
    later = signer.authorization("https://one.example")
    assert claims_of(later)["exp"] > claims_of(first)["exp"]
    # The clock was set back: what was made in its future is not used.
    set_time("2026-05-31 11:00")
    assert claims_of(signer.authorization("https://one.example"))["exp"] < claims_of(first)["exp"]


def test_a_signer_keeps_a_bounded_number_of_tokens(pushing: Config) -> None:
    signer = _signer(pushing)
    for number in range(signing.MOST_ORIGINS + 10):
        signer.authorization(f"https://{number}.notify.windows.com")
    assert len(signer._kept) == signing.MOST_ORIGINS


def test_the_public_half_is_a_point_that_browsers_take() -> None:
    key = VapidKey((1).to_bytes(32, "big"))
    assert len(_bytes(key.public)) == 65
    assert _bytes(key.public)[0] == 4


@pytest.mark.parametrize(
    ("sender", "base_url", "contact"),
    [
        ("Tandem <no-reply@care.example>", "http://localhost:8000", "no-reply@care.example"),
        ("no-reply@localhost", "https://care.example:8443", "postmaster@care.example"),
        ("Tandem <no-reply@clinic.local>", "https://care.example", "postmaster@care.example"),
        ("nobody", "https://care.example", "postmaster@care.example"),
    ],
)
def test_push_services_are_told_an_address_that_all_of_them_take(
    pushing: Config, sender: str, base_url: str, contact: str
) -> None:
    config = replace(pushing, mail_sender=sender, base_url=base_url)
    assert vapid.contact(config) == contact
    assert vapid.is_public(contact)


@pytest.mark.parametrize(
    "base_url", ["http://localhost:8000", "https://localhost", "https://10.0.0.7", "https://clinic.local"]
)
def test_where_nothing_is_public_that_is_said(pushing: Config, base_url: str) -> None:
    config = replace(pushing, mail_sender="no-reply@localhost", base_url=base_url)
    assert not vapid.is_public(vapid.contact(config))
    [told] = [finding for finding in diagnosis.examine(config) if finding.subject == "push contact"]
    assert (told.state, "Apple refuses messages" in told.words) == (diagnosis.State.NOTE, True)
    [fine] = [
        finding
        for finding in diagnosis.examine(replace(config, mail_sender="a@care.example"))
        if finding.subject == "push contact"
    ]
    assert (fine.state, "a@care.example" in fine.words) == (diagnosis.State.OK, True)
