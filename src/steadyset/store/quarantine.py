"""Move what is bad aside, under a name that says when and why. Nothing is deleted, nothing bad is served."""

from __future__ import annotations

import contextlib
import os
import re
import time

from .layout import Layout
from .writing import coded, token


def set_aside(layout: Layout, path: str, why: str) -> str | None:
    """Move a file of the store into its quarantine.

    Args:
        layout: the store.
        path: the file; one that is gone already is fine.
        why: a few words; they become part of the name.

    Returns:
        Where it is now, or None when it was gone.

    Raises:
        StoreError: it cannot be moved; it is still where it was.
    """
    if not os.path.lexists(path):
        return None
    reason = re.sub(r"[^a-z0-9]+", "-", why.lower()).strip("-") or "bad"
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    target = os.path.join(layout.quarantine, f"{stamp}-{reason}-{token()}-{os.path.basename(path)}")
    with coded(path, "moved aside"):
        os.makedirs(layout.quarantine, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.rename(path, target)
            return target
    return None
