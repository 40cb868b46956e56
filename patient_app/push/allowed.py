"""To which addresses a message may be sent. An address comes from a browser, so from anybody: it is never trusted.

Only the push services of the browsers, and what the setting `PUSH_SERVICES` adds for tests and self-hosted ones. All is
compared as plain ASCII before any library reads it; what two libraries could read in two ways is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from patient_app.core.config import LOCAL_HOSTS, ConfigError

# Apple asks to let any of its names through; Microsoft's have the region in front.
BUILT_IN = (
    "*.push.apple.com",
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "*.notify.windows.com",
)
LONGEST_ENDPOINT = 2000
_PLAIN = re.compile(r"[!-~]+")
_TWO_WAYS = re.compile(r"[\\@#\[\]<>\"^`{|}]")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
_DEFAULT_PORTS = {"https": 443, "http": 80}


class NotAllowed(Exception):
    """Nothing is sent to this address."""


@dataclass(frozen=True, slots=True)
class Service:
    """One entry of the list: scheme, host (with `*.` in front: any name under it) and port."""

    scheme: str
    host: str
    port: int

    def takes(self, other: Service) -> bool:
        """Whether an address of `other` is one of this entry."""
        if (self.scheme, self.port) != (other.scheme, other.port):
            return False
        if self.host.startswith("*."):
            return other.host.endswith(self.host[1:]) and len(other.host) > len(self.host) - 1
        return self.host == other.host


@dataclass(frozen=True, slots=True)
class AllowList:
    """The services to which messages may go."""

    services: tuple[Service, ...]

    def origin_of(self, endpoint: str) -> str:
        """Return the origin of an address (RFC 6454: a port only where it is not the usual one).

        Raise `NotAllowed` for an address that is on no entry of the list, or that could be read in two ways.
        """
        found = _read_endpoint(endpoint)
        if not any(service.takes(found) for service in self.services):
            raise NotAllowed
        port = "" if found.port == _DEFAULT_PORTS[found.scheme] else f":{found.port}"
        return f"{found.scheme}://{found.host}{port}"


def read(setting: str) -> AllowList:
    """Return the list with what the setting adds; raise `ConfigError` for an entry that cannot be used.

    An entry is a host (`push.example.org`, `*.push.example.org`) or an origin (`https://push.example.org:8443`). Plain
    http is for this machine alone.
    """
    added = [_read_entry(entry.strip()) for entry in setting.split(",") if entry.strip()]
    return AllowList((*(Service("https", host, 443) for host in BUILT_IN), *added))


def _read_entry(entry: str) -> Service:
    scheme, apart, rest = entry.rpartition("://")
    host, _, port = rest.partition(":")
    scheme = scheme if apart else "https"
    usual = _DEFAULT_PORTS.get(scheme)
    fits = _HOST.fullmatch(host.removeprefix("*.")) and (not port or _is_port(port))
    if usual is None or not fits or (scheme == "http" and host not in LOCAL_HOSTS):
        raise ConfigError(
            f"PUSH_SERVICES names {entry!r}: it takes names such as push.example.org or https://push.example.org:8443, "
            "and http:// only for localhost."
        )
    return Service(scheme, host, int(port) if port else usual)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < len(text) <= 5 and 0 < int(text) < 65536  # noqa: PLR2004 - ports.


def _read_endpoint(endpoint: str) -> Service:
    import httpx  # noqa: PLC0415 - large, and asked of by a web process only when a phone subscribes.

    if len(endpoint) > LONGEST_ENDPOINT or not _PLAIN.fullmatch(endpoint) or _TWO_WAYS.search(endpoint):
        raise NotAllowed
    try:
        parts = urlsplit(endpoint)
        port = parts.port
        sent_to = httpx.URL(endpoint)
    except (ValueError, httpx.InvalidURL):
        raise NotAllowed from None
    usual = _DEFAULT_PORTS.get(parts.scheme)
    host = parts.netloc.partition(":")[0]
    if usual is None or port == 0 or not _HOST.fullmatch(host):
        raise NotAllowed
    found = Service(parts.scheme, host, usual if port is None else port)
    # What the library would connect to is what was looked at.
    if Service(sent_to.scheme, sent_to.raw_host.decode("ascii"), sent_to.port or usual) != found:
        raise NotAllowed
    return found
