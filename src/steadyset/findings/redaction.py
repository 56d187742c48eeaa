"""Take out of text what must not be pasted or written down: credentials first of all."""

from __future__ import annotations

import re

_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*://"
# A password may hold any of "/?#@" where somebody did not escape it. What follows a colon and is no port is
# taken for one, up to the last "@"; without a colon user info ends where the path begins.
_USERINFO = re.compile(
    rf"(?P<scheme>{_SCHEME})(?:[^\s/?#@:\[]*:(?!\d*(?:[/?#\s]|$))(?:(?!://)\S)*|[^\s/?#]*)@", re.ASCII
)
_QUERY = re.compile(rf"(?P<url>{_SCHEME}(?:<redacted>@)?[^\s?#'\"<>]*)[?#](?:<redacted>|[^\s'\"<>])*")


def redact_url(text: str) -> str:
    """Return text with the user info of every URL replaced and its query string dropped."""
    return _QUERY.sub(r"\g<url>", _USERINFO.sub(r"\g<scheme><redacted>@", text))
