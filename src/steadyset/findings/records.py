"""The records that carry a diagnosis: evidence, remedies and findings.

They are tuples, not classes with behaviour, so that an exception, a probe, a rule and a renderer
can exchange them without importing one another.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Level = Literal["error", "warning", "note"]
"""How much a finding matters for what the user asked: it failed, it may fail, or it is good to know."""

Confidence = Literal["certain", "likely", "possible"]
"""How sure the diagnosis is. A guess is never stated as a fact."""

Safety = Literal["safe", "unsafe", "shown-only"]
"""Whether a remedy may be applied unasked (``safe``), on request, or never by us."""


class Evidence(NamedTuple):
    """One measured fact behind a finding, for example ``("issuer", "CN=Acme Proxy CA")``."""

    label: str
    value: str


class Remedy(NamedTuple):
    """One thing to do about a problem.

    ``commands`` are argument lists, quoted for the user's shell only when printed, so that ``>=``
    survives. A destructive step is never among them: it stands in ``text``, to be read and copied.
    """

    text: str
    commands: tuple[tuple[str, ...], ...] = ()
    safety: Safety = "shown-only"
    platforms: tuple[str, ...] = ()


class Location(NamedTuple):
    """Where a finding is: a path, and a line and column (both from 1) when it is text."""

    path: str
    line: int | None = None
    column: int | None = None


class Finding(NamedTuple):
    """One problem that was found, with the code of its entry in the catalogue."""

    code: str
    name: str
    category: str
    message: str
    level: Level = "error"
    confidence: Confidence = "certain"
    evidence: tuple[Evidence, ...] = ()
    why: str = ""
    because: str | None = None
    location: Location | None = None
    remedies: tuple[Remedy, ...] = ()
    verify: tuple[str, ...] = ()
    url: str = ""
