"""Settings, read once from the environment into one frozen, typed object.

Nothing here has a secret as its default: without `MASTER_KEY`, only a demonstration keeps a key under `instance/`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class ConfigError(Exception):
    """A setting cannot be used; the message is one plain sentence for the operator."""


@dataclass(frozen=True)
class Smtp:
    """Where e-mail is handed over. `security` is `starttls`, `tls` or `none` (`none` only towards this machine)."""

    host: str
    port: int
    security: str = "starttls"
    username: str = ""
    password: str = ""

    def __repr__(self) -> str:
        """Leave the password out of logs and tracebacks."""
        return f"Smtp(host={self.host!r}, port={self.port}, security={self.security!r})"


@dataclass(frozen=True)
class Argon2Cost:
    """Cost of a password hash (RFC 9106, second recommended option); tests take a smaller one."""

    time_cost: int = 3
    memory_kib: int = 65536
    parallelism: int = 4


@dataclass(frozen=True)
class Config:
    """All settings of one installation."""

    instance: Path
    base_url: str = "http://localhost:8000"
    database_url: str = ""
    keys_database_url: str = ""
    master_key: str = ""
    product_name: str = "Tandem"
    mail_sender: str = "no-reply@localhost"
    smtp: Smtp | None = None
    metrics_token: str = ""
    trusted_proxies: int = 0
    development: bool = False
    demo_password: str = ""
    backup_public_key: str = ""
    quick_exit_url: str = "https://www.weather.gov/"
    push_key_file: str = ""
    push_services: str = ""
    lessons_path: str = ""
    argon2: Argon2Cost = Argon2Cost()

    def __post_init__(self) -> None:
        """Fill in the databases' default places and refuse what would be unsafe."""
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{self.instance / 'tandem.sqlite'}")
        if not self.keys_database_url:
            object.__setattr__(self, "keys_database_url", f"sqlite:///{self.instance / 'keys.sqlite'}")
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigError("BASE_URL must be an address such as https://care.example.org.")
        if parts.scheme == "http" and parts.hostname not in LOCAL_HOSTS:
            raise ConfigError("BASE_URL must start with https:// (plain http is only for localhost).")

    def __repr__(self) -> str:
        """Name the installation without any secret."""
        return f"Config(instance={str(self.instance)!r}, base_url={self.base_url!r})"

    @property
    def origin(self) -> str:
        """Scheme, host and port of the application, as a browser sends them in `Origin`."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies may be `Secure` and `__Host-`; only a plain-http localhost may not."""
        return self.base_url.startswith("https://")

    @staticmethod
    def from_env(environ: Mapping[str, str] | None = None) -> Config:
        """Read the settings that docs/operate.md lists; raise `ConfigError` when one cannot be used."""
        env = os.environ if environ is None else environ
        instance = Path(env.get("INSTANCE_PATH") or Path(__file__).resolve().parents[2] / "instance")
        port = _whole_number(env, "PORT", 8000)
        return Config(
            instance=instance,
            base_url=(env.get("BASE_URL") or f"http://localhost:{port}").rstrip("/"),
            database_url=_database_url(env.get("DATABASE_URL", "")),
            keys_database_url=_database_url(env.get("KEYS_DATABASE_URL", "")),
            master_key=env.get("MASTER_KEY", ""),
            product_name=env.get("PRODUCT_NAME") or "Tandem",
            mail_sender=env.get("MAIL_SENDER") or "no-reply@localhost",
            smtp=_smtp(env),
            metrics_token=env.get("METRICS_TOKEN", ""),
            trusted_proxies=_whole_number(env, "TRUSTED_PROXIES", 0),
            development=env.get("DEVELOPMENT", "") == "1",
            demo_password=env.get("DEMO_PASSWORD", ""),
            backup_public_key=env.get("BACKUP_PUBLIC_KEY", "").strip(),
            quick_exit_url=env.get("QUICK_EXIT_URL") or "https://www.weather.gov/",
            push_key_file=env.get("PUSH_KEY_FILE", ""),
            push_services=env.get("PUSH_SERVICES", ""),
            lessons_path=env.get("LESSONS_PATH", "").strip(),
        )


def _whole_number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal():
        raise ConfigError(f"{name} must be a whole number, not {text!r}.")
    return int(text)


def _database_url(text: str) -> str:
    """Accept the `postgres://` and `postgresql://` spellings that hosting services hand out."""
    for prefix in ("postgres://", "postgresql://"):
        if text.startswith(prefix):
            return "postgresql+psycopg://" + text.removeprefix(prefix)
    if text and not text.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ConfigError("DATABASE_URL must start with sqlite:/// or postgresql://.")
    return text


def _smtp(env: Mapping[str, str]) -> Smtp | None:
    host = env.get("SMTP_HOST", "")
    if not host:
        return None
    security = env.get("SMTP_SECURITY") or "starttls"
    if security not in {"starttls", "tls", "none"}:
        raise ConfigError("SMTP_SECURITY must be starttls, tls or none.")
    if security == "none" and host not in LOCAL_HOSTS:
        raise ConfigError("SMTP_SECURITY=none is only for a mail server on this machine.")
    return Smtp(
        host=host,
        port=_whole_number(env, "SMTP_PORT", 465 if security == "tls" else 587),
        security=security,
        username=env.get("SMTP_USERNAME", ""),
        password=env.get("SMTP_PASSWORD", ""),
    )
