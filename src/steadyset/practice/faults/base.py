"""The base of all faults: when one applies, and where it can step in."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from steadyset.practice.wire import Answer, File, Request, Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The base of all faults, which decides when one applies."""

    path: str = "*"
    times: int | None = None
    after: int = 0
    ranged: bool | None = None

    def concerns(self, request: Request) -> bool:
        """Tell whether the request is one that ``after`` and ``times`` count."""
        if self.ranged is not None and self.ranged != (request.range is not None):
            return False
        return fnmatchcase(request.path, self.path)

    def is_due(self, hit: int) -> bool:
        """Tell whether the fault applies to the ``hit``-th request it concerns, counted from 1."""
        return self.after < hit and (self.times is None or hit <= self.after + self.times)

    def on_file(self, file: File, request: Request) -> File:
        """Return what the origin is to believe it holds."""
        return file

    def on_answer(self, answer: Answer) -> Answer:
        """Return what the origin is to say."""
        return answer

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        """Return the steps by which the origin is to say it."""
        return steps
