"""How long to wait: longer with every failure, never beyond the cap, and as the server asks."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyset.transport.backoff import delay, retry_after

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("failures", "longest"), [(0, 0.5), (1, 0.5), (2, 1.0), (3, 2.0), (6, 16.0), (7, 20.0), (10_000, 20.0)]
)
def test_the_wait_doubles_up_to_the_cap(failures: int, longest: float) -> None:
    waits = [delay(failures, base=0.5, cap=20.0) for _ in range(200)]
    assert all(longest / 2 <= wait <= longest for wait in waits)
    assert len(set(waits)) > 100  # many clients do not come back at once


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 120 ", 120.0),
        (formatdate(NOW + 90, usegmt=True), 90.0),
        (formatdate(NOW - 90, usegmt=True), 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("Mon, 99 Foo 2024 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(said: str | None, seconds: float | None) -> None:
    assert retry_after(said, now=NOW) == seconds


@given(st.text())
def test_no_header_breaks_it(said: str) -> None:
    asked = retry_after(said, now=NOW)
    assert asked is None or asked >= 0


def test_a_number_of_any_length_is_a_time() -> None:
    asked = retry_after("9" * 5000, now=NOW)
    assert asked is not None
    assert 1e6 < asked < float("inf")
