"""One try at one remote source: ask for what is missing, judge the answer, take what can be used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..errors import DigestError, ProtocolError, SteadysetError, StoreError, TruncatedError
from ..findings.redaction import redact_url
from . import answer
from .assembly import Assembly, Gap
from .body import counted, decoded, paced, with_head
from .client import Client, Response
from .records import Ask, Sink
from .shares import Share
from .stream import Chunk


class Outcome(NamedTuple):
    """What one attempt came to.

    ``ask`` is how this source is to be asked the next time; ``changed`` says that its file is no longer
    the one that was begun; ``fatal`` that the sink cannot be written, which no other source cures.
    """

    status: int | None = None
    bytes: int = 0
    error: SteadysetError | None = None
    retry_after: str | None = None
    ask: Ask = "if-range"
    changed: bool = False
    fatal: bool = False


def attempt(
    client: Client,
    url: str,
    assembly: Assembly,
    sink: Sink,
    *,
    ask: Ask = "if-range",
    within: float | None = None,
    advance: Callable[[int], None] = lambda _: None,
    share: Share | None = None,
) -> Outcome:
    """Try once to fill the gaps of an assembly from a URL.

    The answer is believed only as far as it can be checked: a 206 must say the range that was asked for
    and be of the file that was begun; a 200 is read from the start of the file, what is held passing by;
    more bytes than the file has are not read; and a web page, a quota notice or a pointer file is
    recognised in its first bytes, before anything that is held is given up for it.

    Args:
        client: asks.
        url: whom.
        assembly: takes the bytes.
        sink: the assembly's; keeps the validators.
        ask: how to ask for the rest of a file that is begun.
        within: seconds for all of it.
        advance: is told how many bytes each step brought.
        share: the part to fetch, where others fetch other parts; left out, the first gap.

    Returns:
        The outcome; its ``error`` is None when the answer was used to its end.
    """
    trial = _Trial(url, assembly, sink, ask, share)
    error: SteadysetError | None = None
    try:
        with client.get(url, trial.headers(), within=within) as response:
            trial.take(response, client, advance)
    except SteadysetError as failure:
        error = failure
    return Outcome(
        trial.status,
        trial.bytes,
        error,
        trial.retry_after,
        trial.ask,
        trial.changed,
        fatal=isinstance(error, StoreError),
    )


class _Trial:
    """What is known of an attempt while it runs, so that a failure half-way loses nothing of it."""

    def __init__(self, url: str, assembly: Assembly, sink: Sink, ask: Ask, share: Share | None) -> None:
        self.status: int | None = None
        self.bytes = 0
        self.retry_after: str | None = None
        self.ask = ask
        self.changed = False
        self._url = url
        self._place = answer.place(url)
        self._assembly = assembly
        self._sink = sink
        self._validator = self._find_validator()
        if not self._may_continue():
            assembly.restart()
        self._share = share
        self._aside = share is not None and share.aside
        self._gap = Gap(share.at, share.stop) if share else assembly.gap() or Gap(0, assembly.size)
        self._ranged = False
        self._length: int | None = None
        self._lacked = assembly.lacking
        self._wrong: list[DigestError] = []
        self._heeded = False  # an If-Range was sent: a 206 says that it holds

    def headers(self) -> dict[str, str]:
        """Return the request headers that ask for the gap (RFC 9110, sections 13.1.5 and 14.2)."""
        start, end = self._gap
        inner = end is not None and end != self._assembly.size
        self._ranged = self.ask != "whole" and (start > 0 or inner)
        if not self._ranged:
            return {}
        headers = {"Range": f"bytes={start}-{end - 1 if inner and end else ''}"}
        if self._validator and self.ask == "if-range" and not self._assembly.has_pieces:
            headers["If-Range"] = self._validator
            self._heeded = True
        return headers

    def take(self, response: Response, client: Client, advance: Callable[[int], None]) -> None:
        """Use an answer as far as it can be used."""
        self.status = response.status
        if response.status == 416:
            self._accept_end(response)
            return
        if response.status not in (200, 206):
            self.retry_after = response.headers.get("retry-after")
            raise answer.refusal(response, self._url)
        if response.status == 200 and self._aside:
            raise ProtocolError(f"{self._place} does not send a part of a file")
        self._length = answer.length_of(response)
        raw = counted(response.body, self._count)
        chunks = paced(raw, client.limits, self._place)
        if response.status == 206:
            self._feed(chunks, *self._accept_part(response), advance)
        else:
            chunks = self._opened(response, chunks)
            self._feed(chunks, *self._accept_whole(response), advance)
        if response.headers.get("content-length") == str(self.bytes):
            next(raw, None)  # the end of the message, which frees the connection for the next request

    def _count(self, count: int) -> None:
        self.bytes += count

    def _opened(self, response: Response, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """Return a whole body that does not begin like a page."""
        name, size = self._assembly.wanted.name, self._assembly.wanted.size
        head, chunks = with_head(decoded(chunks, response.headers, size=size, name=name))
        if not head:
            next(chunks, None)  # raises what ended the body before its first byte
        answer.refuse_page(head, name, self._place, answer.evidence(response, self._url))
        return chunks

    def _feed(self, chunks: Iterator[Chunk], offset: int, stop: int | None, advance: Callable[[int], None]) -> None:
        """Read a body up to where it is of use; what it had wrong is told at the end."""
        end = stop if stop is not None and offset >= stop else self._read(chunks, offset, stop, advance)
        if self._wrong:
            raise self._wrong[0]
        if stop is None:
            self._assembly.learn_size(end)  # the body has ended, and nothing told where it should
        elif end < stop and not self._assembly.complete and not (self._share and self._share.is_over):
            raise self._cut_short(end, stop)

    def _read(self, chunks: Iterator[Chunk], offset: int, stop: int | None, advance: Callable[[int], None]) -> int:
        for chunk in chunks:
            try:
                self._assembly.feed(offset, chunk, aside=self._aside)
            except DigestError as error:
                self._bear_with(error)
            offset += len(chunk)
            if self._share is not None:
                self._share.at = max(self._share.at, offset)
            advance(len(chunk))
            if self._share is not None and self._share.is_over:
                break  # others fetch the rest
            if stop is not None and offset >= stop:
                break
            if self._assembly.has_pieces and self._assembly.complete:
                break
            if self.bytes == self._length:
                break  # before its end is read: what may follow would be taken for the next answer
        return offset

    def _bear_with(self, error: DigestError) -> None:
        """Read on after a wrong piece, whose like is under way already, from a source mostly right."""
        self._wrong.append(error)
        if self._lacked - self._assembly.lacking <= len(self._wrong):
            raise error

    def _accept_whole(self, response: Response) -> tuple[int, int | None]:
        """Return where in the file the body of a 200 begins and ends."""
        length, size = self._length, self._assembly.wanted.size
        if size and length is not None and length <= self._gap.start:
            raise self._cut_short(length, size)
        if self._gap.start and not self._assembly.has_pieces:
            self._judge_held(response)
        if self._ranged and not self.changed:
            asked_plainly = self.ask == "range" or self._assembly.has_pieces or not self._validator
            self.ask = "whole" if asked_plainly else "range"
        if length is not None:
            self._assembly.learn_size(length)
        self._note(response)
        return 0, self._assembly.size

    def _accept_part(self, response: Response) -> tuple[int, int]:
        """Return where in the file the body of a 206 begins and ends; refuse it unless it fits."""
        part, size = answer.part_of(response), self._assembly.wanted.size
        coded = "content-encoding" in response.headers
        if (
            part is None
            or part.start != self._gap.start
            or (coded and part.total != size)
            or (size and not self._assembly.has_pieces and part.total not in (None, size))
        ):
            self.ask = "whole"
            raise ProtocolError(
                f"{self._place} answers another range than was asked for",
                evidence=answer.evidence(response, self._url),
            )
        if not self._assembly.has_pieces:
            self._judge_part(response)
        if not self._aside:
            if part.total is not None:
                self._assembly.learn_size(part.total)
            self._note(response)
        return part.start, part.end if self._gap.end is None else min(part.end, self._gap.end)

    def _accept_end(self, response: Response) -> None:
        """A 416 to the rest of a file of unknown size may say that there is no rest."""
        size = answer.true_size(response)
        unknown = self._assembly.wanted.size is None
        if unknown and size is not None and size == self._gap.start and self._ranged:
            self._assembly.learn_size(size)
            return
        self.ask = "whole"
        raise ProtocolError(
            f"{self._place} says that the rest of the file does not exist",
            evidence=answer.evidence(response, self._url),
        )

    def _may_continue(self) -> bool:
        """Whether what is held can be proved in the end, by a digest or by the source's validator."""
        wanted = self._assembly.wanted
        return bool(wanted.sha256 or wanted.pieces or self._validator)

    def _find_validator(self) -> str | None:
        """Return the validator to resume with: only a strong one may stand in If-Range."""
        noted = self._sink.noted()
        if noted.get("url") != redact_url(self._url):
            return None
        etag, date = noted.get("etag"), noted.get("last_modified")
        if isinstance(etag, str) and etag.startswith('"'):
            return etag
        return date if isinstance(date, str) else None

    def _judge_held(self, response: Response) -> None:
        """Give up what is held when a 200 is of another file, or may be and no digest will tell."""
        same = self._is_same(response)
        self.changed = same is False
        if self.changed or (same is None and not self._assembly.wanted.sha256):
            self._assembly.restart()

    def _judge_part(self, response: Response) -> None:
        """Refuse a 206 of another file than the one begun: not every server heeds If-Range."""
        same = self._is_same(response)
        proved = self._assembly.wanted.sha256 or not self._gap.start
        if same is False or not (same or proved or self._heeded):
            self.changed = same is False
            self.ask = "whole"
            if not self._aside:
                self._assembly.restart()
            raise ProtocolError(
                f"the file of {self._place} has changed, or may have, since it was begun",
                evidence=answer.evidence(response, self._url),
            )

    def _is_same(self, response: Response) -> bool | None:
        """Whether an answer is, by its validators, of the file that was begun here; None: it does not say."""
        noted = self._sink.noted()
        if noted.get("url") != redact_url(self._url):
            return None
        for key, header in (("etag", "etag"), ("last_modified", "last-modified")):
            was, now = noted.get(key), response.headers.get(header)
            if was is None or now is None or (was == now and now.startswith("W/")):
                continue  # a weak validator, too, can say that a file has changed, but not that it has not
            return was == now
        return None

    def _note(self, response: Response) -> None:
        noted = self._sink.noted()
        facts: dict[str, str | int | None] = {
            "url": redact_url(self._url),
            "etag": response.headers.get("etag"),
            "last_modified": response.headers.get("last-modified"),
            "size": self._assembly.size,
        }
        if response.status == 206 and noted.get("url") == facts["url"]:  # it need not repeat them
            facts = {key: noted.get(key) if fact is None else fact for key, fact in facts.items()}
        if any(noted.get(key) != fact for key, fact in facts.items()):
            self._sink.note(**facts)

    def _cut_short(self, offset: int, stop: int) -> TruncatedError:
        return TruncatedError(
            f"{self._place} sent {offset} of {stop} bytes",
            evidence=[("url", redact_url(self._url)), ("bytes", str(offset)), ("expected", str(stop))],
        )
