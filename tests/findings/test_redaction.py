"""What is told of a URL: where it leads, and none of its secrets."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyset.findings.redaction import redact_url

CASES = [
    ("http://host/path", "http://host/path"),
    ("https://host:8443/a/b.npz", "https://host:8443/a/b.npz"),
    ("http://me:pw@host/path", "http://<redacted>@host/path"),
    ("http://me@host", "http://<redacted>@host"),
    ("http://:pw@host", "http://<redacted>@host"),
    ("http://me:p@w@host/path", "http://<redacted>@host/path"),
    ("http://me:p/w@host/path", "http://<redacted>@host/path"),
    ("http://me:p?w@host/path", "http://<redacted>@host/path"),
    ("http://me:p#w@host/path", "http://<redacted>@host/path"),
    ("socks5h://me:pw@host:1080", "socks5h://<redacted>@host:1080"),
    ("http://host/path?token=1#x", "http://host/path"),
    ("http://host?token=1", "http://host"),
    ("http://host/~me@home/f", "http://host/~me@home/f"),
    ("http://host:80/me@home/f", "http://host:80/me@home/f"),
    ("http://host/f?to=http://me:pw@other/", "http://host/f"),
    ("GET 'http://me:pw@host/f?x=1' failed", "GET 'http://<redacted>@host/f' failed"),
    ("http://a:b@c/ and https://d:e@f/?g", "http://<redacted>@c/ and https://<redacted>@f/"),
    ("no URL, but a@b and what?", "no URL, but a@b and what?"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "told"), CASES)
def test_secrets_are_taken_out_and_nothing_else(text: str, told: str) -> None:
    assert redact_url(text) == told


@pytest.mark.parametrize("text", [case[0] for case in CASES])
def test_twice_is_like_once(text: str) -> None:
    assert redact_url(redact_url(text)) == redact_url(text)


SECRETS = st.text(
    st.characters(codec="ascii", exclude_characters=" \t\r\n'\"<>", min_codepoint=33, max_codepoint=126), min_size=1
).filter(lambda secret: not re.match(r"\d*[/?#]", secret))  # which can only be read as a port and a path


@given(SECRETS)
def test_no_password_survives(secret: str) -> None:
    assert "Zq9" not in redact_url(f"proxy http://user:{secret}Zq9@host.example:3128/ is not usable")


@given(st.text())
def test_any_text_comes_through(text: str) -> None:
    assert isinstance(redact_url(text), str)
