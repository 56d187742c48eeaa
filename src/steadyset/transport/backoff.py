"""How long to wait before trying again."""

from __future__ import annotations

import random
from email.utils import parsedate_to_datetime

_MOST_DIGITS = 9  # thirty years; a longer number is no time anybody waits


def delay(failures: int, *, base: float, cap: float) -> float:
    """Return the seconds to wait after so many failures in a row.

    Exponential, the upper half jittered, so that many clients do not come back at once; see "Exponential
    Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    doublings = max(0, min(failures, 30) - 1)
    return random.uniform(0.5, 1.0) * min(cap, base * float(2**doublings))


def retry_after(value: str | None, *, now: float) -> float | None:
    """Return the seconds a ``Retry-After`` header asks for, or None when it says nothing usable.

    Args:
        value: the header: seconds or an HTTP date (RFC 9110, section 10.2.3).
        now: the Unix time in seconds.
    """
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value.strip()[:_MOST_DIGITS])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (TypeError, ValueError, OverflowError):
        return None
