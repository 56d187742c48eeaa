"""A report: the findings of one command, with what it did, as one document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from .catalogue import entries
from .lines import evidence_lines, remedy_lines
from .records import Evidence, Finding, Level, Location, Remedy

SCHEMA = "steadyset.report/1"


class Report(NamedTuple):
    """The findings of one command.

    Attributes:
        command: the subcommand, ``verify`` for example.
        summary: one sentence.
        findings: what was found, in a stable order.
        datasets: for load, fetch and verify, one record per dataset.
        extra: further members of the document, by name.
    """

    command: str
    summary: str
    findings: tuple[Finding, ...] = ()
    datasets: tuple[dict[str, Any], ...] = ()
    extra: dict[str, Any] = {}  # noqa: RUF012 - never written to

    @property
    def ok(self) -> bool:
        """Whether nothing was found at error level."""
        return not any(f.level == "error" for f in self.findings)

    @property
    def exit_code(self) -> int:
        """The exit code of a command with this report: 0 or 1."""
        return 0 if self.ok else 1

    def document(self, exit_code: int | None = None) -> dict[str, Any]:
        """Return the report as a JSON document (``report.schema.json`` describes it)."""
        levels = [f.level for f in self.findings]
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "command": self.command,
            "exit_code": self.exit_code if exit_code is None else exit_code,
            "summary": self.summary,
            "counts": {
                "errors": levels.count("error"),
                "warnings": levels.count("warning"),
                "notes": levels.count("note"),
            },
            "findings": [finding_document(f) for f in self.findings],
        }
        if self.datasets:
            document["datasets"] = list(self.datasets)
        return document | self.extra

    def __str__(self) -> str:
        lines = [line for f in self.findings for line in (*finding_lines(f), "")]
        return "\n".join([*lines, self.summary])


def finding(
    code: str,
    message: str,
    *,
    level: Level = "error",
    evidence: Iterable[tuple[str, str]] = (),
    remedies: Iterable[Remedy] | None = None,
    location: Location | None = None,
    why: str = "",
) -> Finding:
    """Return a finding with the name, category and remedies of its entry in the catalogue."""
    entry = entries()[code]
    return Finding(
        code=code,
        name=entry.name,
        category=entry.category,
        message=message,
        level=level,
        evidence=tuple(Evidence(label, str(value)) for label, value in evidence),
        why=why,
        location=location,
        remedies=entry.remedies if remedies is None else tuple(remedies),
        verify=entry.verify,
        url=entry.url,
    )


def finding_document(found: Finding) -> dict[str, Any]:
    """Return one finding as JSON values."""
    return {
        "code": found.code,
        "name": found.name,
        "category": found.category,
        "level": found.level,
        "confidence": found.confidence,
        "message": found.message,
        "evidence": [e._asdict() for e in found.evidence],
        "why": found.why,
        "because": found.because,
        "location": found.location._asdict() if found.location else None,
        "remedies": [
            {"text": r.text, "commands": [list(c) for c in r.commands], "safety": r.safety} for r in found.remedies
        ],
        "verify": list(found.verify),
        "url": found.url,
    }


def finding_lines(found: Finding) -> list[str]:
    """Return one finding as plain lines."""
    return [
        f"{_MARKS[found.level]} [{found.code}] {found.name}: {found.message}",
        *evidence_lines(found.evidence),
        *([f"  Why     {found.why}"] if found.why else []),
        *remedy_lines(found.remedies),
        f"  More    steadyset explain {found.code}",
    ]


_MARKS: dict[Level, str] = {"error": "[xx]", "warning": "[!!]", "note": "[--]"}
