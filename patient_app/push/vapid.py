"""The keys by which push services know us (VAPID, RFC 8292): made at set-up, kept in a file beside the master key.

The newest stands first and is what browsers subscribe with; older ones sign for the subscriptions that were made with
them until these are renewed, which a phone does by itself the next time the application is opened there. A key is in no
backup and in no log. Whoever has it can send messages to phones only if they know their addresses as well.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parseaddr
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from patient_app.core.config import Config, ConfigError
from patient_app.core.logs import logger

_SECRET_BYTES = 32
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # Of P-256 (SEC 2, 2.4.2).


@dataclass(frozen=True)
class VapidKey:
    """One key. `public` is what a browser subscribes with (an uncompressed point, in base64url)."""

    secret: bytes

    def __repr__(self) -> str:
        """Name the key without its secret."""
        return f"VapidKey({self.public[:8]}...)"

    @cached_property
    def _private(self) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(int.from_bytes(self.secret, "big"), ec.SECP256R1())

    @cached_property
    def public(self) -> str:
        """The public half, by which a subscription names its key."""
        return as_text(self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    def pair(self) -> tuple[bytes, bytes]:
        """Return the private and the public half as the library takes them."""
        private = self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = self._private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return private, public


# --- who we are ---------------------------------------------------------------------------------------------------

# A domain that others can know: Apple refuses messages of anybody else (403, `BadJwtToken`).
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_LOCAL = frozenset({"local", "localhost", "localdomain", "internal", "invalid", "lan", "home", "test"})
_MAILBOX = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")


def contact(config: Config) -> str:
    """Return the mail address by which push services can reach who sends: bare, as Apple wants it.

    That of our own mail, if it can be anybody's; else the postmaster of the public address. `is_public` says whether
    what is left is one at all.
    """
    sender = parseaddr(config.mail_sender)[1]
    if is_public(sender):
        return sender
    host = urlsplit(config.base_url).hostname or ""
    of_host = f"postmaster@{host}"
    return of_host if config.secure_cookies and is_public(of_host) else sender or of_host


def is_public(address: str) -> bool:
    """Whether a mail address is one that a push service of another firm takes."""
    mailbox, _, domain = address.rpartition("@")
    if not _MAILBOX.fullmatch(mailbox) or not _DOMAIN.fullmatch(domain):
        return False
    return domain.rpartition(".")[2].lower() not in _LOCAL


# --- the file ----------------------------------------------------------------------------------------------------


def key_file(config: Config) -> Path:
    """Return where the keys are, or are to be made.

    `PUSH_KEY_FILE`; else `push.key` beside the master key's file, or in the instance where it cannot be written there.
    """
    if config.push_key_file:
        return Path(config.push_key_file).expanduser()
    own = config.instance / "push.key"
    master = config.master_key
    if not master.startswith(("/", "./", "~", "file:")):
        return own
    beside = Path(master.removeprefix("file:")).expanduser().with_name("push.key")
    if beside.exists() or (not own.exists() and os.access(beside.parent, os.W_OK)):
        return beside
    return own


def make_keys(config: Config) -> bool:
    """Make the first key unless there is one; return whether it was made.

    Raise `ConfigError` where the file cannot be written, or what is there cannot be used.
    """
    file = key_file(config)
    if file.exists():
        read_keys(config)
        return False
    _write(file, [_new_secret()])
    return True


def rotate(config: Config) -> Path:
    """Put a new key in front of those that are there, which sign for older subscriptions on; return the file."""
    file = key_file(config)
    _write(file, [_new_secret(), *(key.secret for key in read_keys(config))])
    return file


def read_keys(config: Config) -> tuple[VapidKey, ...]:
    """Return the keys, the newest first; none where no file was made yet. Raise `ConfigError` for a broken file."""
    file = key_file(config)
    try:
        lines = file.read_text(encoding="ascii").split()
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigError(f"The push key file {file} cannot be read: {why}.") from None
    return tuple(VapidKey(secret) for secret in _secrets(lines, file))


_told: set[str] = set()


def usable_keys(config: Config) -> tuple[VapidKey, ...]:
    """Return the keys, none where the file is broken: that is said once in the log, and all else goes on."""
    try:
        return read_keys(config)
    except ConfigError as error:
        if str(error) not in _told:
            _told.add(str(error))
            logger().error("push key not usable", why=str(error))
        return ()


def _secrets(lines: list[str], file: Path) -> Iterator[bytes]:
    for line in lines:
        try:
            secret = base64.b64decode(line + "=" * (-len(line) % 4), altchars=b"-_", validate=True)
        except ValueError:
            secret = b""
        if len(secret) != _SECRET_BYTES or not 0 < int.from_bytes(secret, "big") < _ORDER:
            raise ConfigError(f"The push key file {file} is damaged: put a copy back, or take it away for a new one.")
        yield secret


def _new_secret() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(_SECRET_BYTES, "big")


def _write(file: Path, secrets: list[bytes]) -> None:
    """Write the file anew, readable for this user only; whoever reads it meanwhile reads the one before."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write("".join(f"{as_text(secret)}\n" for secret in secrets))
            opened.flush()
            os.fsync(opened.fileno())
        fresh.replace(file)
    except OSError as error:
        raise ConfigError(
            f"The push key file {file} cannot be written: {error.strerror}; name another place in PUSH_KEY_FILE."
        ) from None


def as_text(value: bytes) -> str:
    """Return bytes in base64url, as everything of Web Push is written."""
    return base64.urlsafe_b64encode(value).decode("ascii").rstrip("=")
