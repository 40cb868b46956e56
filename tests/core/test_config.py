"""Settings from the environment: each that cannot be used is one plain sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from patient_app.core.config import Config, ConfigError, Smtp


def test_without_settings_it_is_a_demonstration_on_localhost() -> None:
    config = Config.from_env({})
    assert config.base_url == "http://localhost:8000"
    assert config.instance.name == "instance"
    assert config.database_url == f"sqlite:///{config.instance}/tandem.sqlite"
    assert config.keys_database_url == f"sqlite:///{config.instance}/keys.sqlite"
    assert config.smtp is None
    assert not config.secure_cookies
    assert (config.master_key, config.metrics_token, config.demo_password) == ("", "", "")


def test_everything_can_be_set(tmp_path: Path) -> None:
    config = Config.from_env(
        {
            "INSTANCE_PATH": str(tmp_path),
            "BASE_URL": "https://care.example.org/",
            "DATABASE_URL": "postgres://care@db.example.org/care",
            "KEYS_DATABASE_URL": "postgresql://care@keys.example.org/keys",
            "MASTER_KEY": "/etc/tandem/master.key",
            "PRODUCT_NAME": "Harbour",
            "MAIL_SENDER": "care@example.org",
            "SMTP_HOST": "mail.example.org",
            "SMTP_SECURITY": "tls",
            "SMTP_USERNAME": "care",
            "SMTP_PASSWORD": "canaryword",
            "METRICS_TOKEN": "token",
            "TRUSTED_PROXIES": "2",
            "DEVELOPMENT": "1",
            "DEMO_PASSWORD": "canaryword",
            "QUICK_EXIT_URL": "https://example.org/",
        }
    )
    assert config.origin == config.base_url == "https://care.example.org"
    assert config.secure_cookies
    assert config.database_url == "postgresql+psycopg://care@db.example.org/care"
    assert config.keys_database_url == "postgresql+psycopg://care@keys.example.org/keys"
    assert config.smtp == Smtp("mail.example.org", 465, "tls", "care", "canaryword")
    assert config.trusted_proxies == 2
    assert config.development
    assert "canaryword" not in repr(config)
    assert "canaryword" not in repr(config.smtp)


def test_the_port_is_part_of_the_usual_address() -> None:
    assert Config.from_env({"PORT": "8123"}).origin == "http://localhost:8123"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"PORT": "eighty"}, "PORT must be a whole number"),
        ({"PORT": "-1"}, "PORT must be a whole number"),
        ({"TRUSTED_PROXIES": "1.5"}, "TRUSTED_PROXIES must be a whole number"),
        ({"BASE_URL": "care.example.org"}, "BASE_URL must be an address"),
        ({"BASE_URL": "ftp://care.example.org"}, "BASE_URL must be an address"),
        ({"BASE_URL": "https://"}, "BASE_URL must be an address"),
        ({"BASE_URL": "http://care.example.org"}, "must start with https://"),
        ({"BASE_URL": "http://localhost.example.org"}, "must start with https://"),
        ({"DATABASE_URL": "mysql://db/care"}, "DATABASE_URL must start with"),
        ({"KEYS_DATABASE_URL": "oracle://db/care"}, "DATABASE_URL must start with"),
        ({"SMTP_HOST": "mail.example.org", "SMTP_SECURITY": "ssl"}, "SMTP_SECURITY must be"),
        ({"SMTP_HOST": "mail.example.org", "SMTP_SECURITY": "none"}, "only for a mail server on this machine"),
        ({"SMTP_HOST": "mail.example.org", "SMTP_PORT": "x"}, "SMTP_PORT must be a whole number"),
    ],
)
def test_a_setting_that_cannot_be_used_is_one_plain_sentence(settings: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        Config.from_env(settings)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_plain_http_is_for_this_machine(host: str) -> None:
    assert not Config.from_env({"BASE_URL": f"http://{host}:8000"}).secure_cookies


def test_a_mail_server_on_this_machine_may_go_without_encryption() -> None:
    config = Config.from_env({"SMTP_HOST": "localhost", "SMTP_SECURITY": "none", "SMTP_PORT": "8025"})
    assert config.smtp == Smtp("localhost", 8025, "none")
