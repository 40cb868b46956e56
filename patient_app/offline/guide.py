"""Which ways of putting the application on a home screen are likely the reader's. All are shown; these stand open."""

from __future__ import annotations

import re
from enum import StrEnum


class Way(StrEnum):
    """One browser on one kind of device."""

    ANDROID = "android"
    SAMSUNG = "samsung"
    ANDROID_FIREFOX = "android-firefox"
    IOS_SAFARI = "ios-safari"
    IOS_OTHER = "ios-other"
    COMPUTER = "computer"
    MAC_SAFARI = "mac-safari"
    COMPUTER_FIREFOX = "computer-firefox"


_IOS = re.compile(r"iPhone|iPad|iPod")
_IOS_OTHER = re.compile(r"CriOS|FxiOS|EdgiOS|OPT/|OPiOS|DuckDuckGo|Brave|GSA/")
_CHROMIUM = re.compile(r"Chrom(e|ium)/")


def likely(user_agent: str, platform: str = "") -> frozenset[Way]:
    """Return what a browser seems to be, by its `User-Agent` and `Sec-CH-UA-Platform`; often one, never none.

    Safari on an iPad says that it is a Mac, so both stand open for it.
    """
    if "Android" in user_agent or platform.strip('"') == "Android":
        return frozenset({_on_android(user_agent)})
    if _IOS.search(user_agent):
        return frozenset({Way.IOS_OTHER if _IOS_OTHER.search(user_agent) else Way.IOS_SAFARI})
    if "Firefox/" in user_agent:
        return frozenset({Way.COMPUTER_FIREFOX})
    if "Macintosh" in user_agent and "Safari/" in user_agent and not _CHROMIUM.search(user_agent):
        return frozenset({Way.IOS_SAFARI, Way.MAC_SAFARI})
    return frozenset({Way.COMPUTER})


def _on_android(user_agent: str) -> Way:
    if "SamsungBrowser/" in user_agent:
        return Way.SAMSUNG
    return Way.ANDROID_FIREFOX if "Firefox/" in user_agent else Way.ANDROID
