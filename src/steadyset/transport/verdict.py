"""What to raise when a fetch ends without its file: the one cause, or all of them."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import FetchError, HTTPStatusError, NoSourceError, SteadysetError, TimeLimitError
from ..findings.records import Evidence
from ..findings.redaction import redact_url
from .records import Attempt, Source, Wanted
from .turns import Turn


def name_of(source: Source) -> str:
    """Return a source as the user knows it, without credentials."""
    return source.label or redact_url(source.url)


def nothing_left(wanted: Wanted, turns: Sequence[Turn], attempts: Sequence[Attempt]) -> SteadysetError:
    """Return the error for when every source is given up."""
    failed = [(name_of(t.source), t.error) for t in turns if t.error is not None]
    errors = [error for _, error in failed]
    if not errors:
        return HTTPStatusError(f"{wanted.name}: there is no source to fetch it from", code="SS132")
    if len({error.code for error in errors}) == 1:
        others = [Evidence(name, error.message) for name, error in failed[1:]]
        errors[0].evidence = (*errors[0].evidence, *others)
        return with_record(errors[0], attempts)
    error = NoSourceError(
        f"{wanted.name} could not be had from any of {len(errors)} sources",
        evidence=[(name, f"{e.message} [{e.code}]") for name, e in failed],
    )
    error.failures = ExceptionGroup(error.message, errors)
    return with_record(error, attempts)


def too_late(wanted: Wanted, seconds: float, have: str, turns: Sequence[Turn]) -> TimeLimitError:
    """Return the error for when the total limit is reached, with what each source said last."""
    return TimeLimitError(
        f"{wanted.name} was not complete within {seconds:g} s",
        evidence=[
            ("bytes", have),
            *((name_of(t.source), f"{t.error.message} [{t.error.code}]") for t in turns if t.error),
        ],
    )


def with_record(error: SteadysetError, attempts: Sequence[Attempt]) -> SteadysetError:
    """Give an error the record of every attempt."""
    if isinstance(error, FetchError):
        error.attempts = tuple(attempts)
    return error
