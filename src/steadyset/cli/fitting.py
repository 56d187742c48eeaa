"""Remedies in terms of what was asked for: those of the catalogue are written for ``steadyset load mnist``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..findings.records import Remedy
from ..findings.redaction import redact_url

_AGAIN = "Fetch again; what has arrived is kept and continued, not started anew."
_LOOK = "Open the URL in a browser: the file may have moved, or want a login."
_TRANSIENT = ("SS101", "SS102", "SS103", "SS104", "SS105", "SS106", "SS107", "SS133", "SS134", "SS138")
_REPEATED = dict.fromkeys(_TRANSIENT, _AGAIN) | {
    "SS108": "Allow the network once: leave out `--offline`, unset STEADYSET_OFFLINE, and fetch.",
    "SS109": "Fetch again, with a longer `--timeout` where that is the limit; what has arrived is kept.",
}
_SAID = {
    "SS131": _LOOK,
    "SS132": _LOOK,
    "SS135": _LOOK,
    "SS203": "Compare the digest that was given with the one that the publisher names; the file here is another.",
}


def fitted(code: str, remedies: Iterable[Remedy], url: str) -> tuple[Remedy, ...]:
    """Return the remedies that help with the file of a URL; those of the catalogue where there is no URL."""
    if not url:
        return tuple(remedies)
    own = [Remedy(_REPEATED[code], (_fetch(url),))] if code in _REPEATED else []
    own += [Remedy(_SAID[code])] if code in _SAID else []
    return (*own, *(r for r in remedies if not any(map(_is_of_datasets, r.commands))))


def command(argv: tuple[str, ...], url: str) -> tuple[str, ...]:
    """Return a command, or for the file of a URL the one that fetches it in place of one for datasets."""
    return _fetch(url) if url and _is_of_datasets(argv) else argv


def _is_of_datasets(argv: Sequence[str]) -> bool:
    return tuple(argv[:1]) == ("steadyset",) and argv[1:2] not in (("explain",), ("cache",))


def _fetch(url: str) -> tuple[str, ...]:
    # A URL that may hold credentials is not repeated.
    return ("steadyset", "fetch", url if redact_url(url) == url else "URL")
