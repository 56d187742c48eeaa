"""Take out of text what must not be pasted or written down: credentials first of all."""

from __future__ import annotations

import re

_USERINFO = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^/\s@]*@")
_QUERY = re.compile(r"(?P<url>[A-Za-z][A-Za-z0-9+.-]*://[^\s?#'\"<>]*)[?#][^\s'\"<>]*")


def redact_url(text: str) -> str:
    """Return text with the user info of every URL replaced and its query string dropped."""
    return _USERINFO.sub(r"\g<scheme><redacted>@", _QUERY.sub(r"\g<url>", text))
