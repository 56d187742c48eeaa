"""Fetch any file by its URL, with the same engine and store as the datasets' files."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from ..errors import ArgumentError, NotStoredError, StoreError, TruncatedError
from ..findings.records import Finding, Remedy
from ..findings.redaction import redact_url
from ..findings.report import finding
from ..manifests.records import PIECE
from ..settings import Settings
from ..store.layout import check
from ..store.locking import hold
from ..store.objects import damage_of
from ..store.partials import Partial, signs_of_life
from ..store.space import require
from ..transport.engine import Fetch
from ..transport.records import Attempt, Event, Limits, Listener, Source, Wanted
from .placing import place
from .seen import look, recall, remember
from .session import prepare
from .sources import OPENERS
from .unstored import concerns, memory_sink

if TYPE_CHECKING:
    from ..progress import Progress

_HEX64 = re.compile(r"[0-9a-fA-F]{64}")


class UrlRecord(NamedTuple):
    """What fetching one URL came to."""

    url: str
    path: str
    sha256: str
    size: int
    source: str
    verified: bool
    attempts: tuple[Attempt, ...]
    bytes_downloaded: int
    seconds: float
    findings: tuple[Finding, ...]


def fetch_url_with(
    settings: Settings,
    url: str,
    *,
    sha256: str | None = None,
    size: int | None = None,
    to: str | os.PathLike[str] | None = None,
    progress: Progress = None,
    limits: Limits | None = None,
) -> UrlRecord:
    """Fetch a URL with given settings; see ``steadyset.fetch_url``."""
    from ..progress import listener

    begun = time.perf_counter()
    _check_arguments(url, sha256, size)
    check(settings.own)
    url = f"{urlsplit(url).scheme}:{url.partition(':')[2]}"  # the scheme in small letters
    job = _Job(settings, url, sha256 and sha256.lower(), size, listener(progress), limits or Limits())
    path, digest, source = job.obtain()
    if to is not None:
        path = job.deliver(path, digest, os.path.expanduser(os.fspath(to)))
    elif path is None:
        raise StoreError(
            "the file was fetched, but the store cannot be written", evidence=[("store", settings.own.root)]
        )
    return UrlRecord(
        url=redact_url(url),
        path=path,
        sha256=digest,
        size=os.path.getsize(path),
        source=source,
        verified=sha256 is not None,
        attempts=tuple(job.attempts),
        bytes_downloaded=sum(a.bytes for a in job.attempts),
        seconds=time.perf_counter() - begun,
        findings=tuple(job.findings),
    )


def _check_arguments(url: str, sha256: str | None, size: int | None) -> None:
    try:
        usable = urlsplit(url).scheme in ("http", "https") and bool(urlsplit(url).hostname)
    except ValueError:
        usable = False
    if not usable:
        raise ArgumentError("that is not an http or https URL", evidence=[("url", redact_url(str(url)))])
    if sha256 is not None and not _HEX64.fullmatch(sha256):
        raise ArgumentError("a SHA-256 has 64 hex digits", evidence=[("sha256", str(sha256)[:80])])
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 0):
        raise ArgumentError("a size is a whole number of bytes", evidence=[("size", repr(size))])


class _Job:
    """One fetch of one URL."""

    def __init__(
        self,
        settings: Settings,
        url: str,
        sha256: str | None,
        size: int | None,
        tell: Listener | None,
        limits: Limits,
    ) -> None:
        self.settings = settings
        self.url = url
        self.limits = limits
        self.attempts: list[Attempt] = []
        self.findings: list[Finding] = []
        self._tell = tell
        # Of the query too: "?id=1" and "?id=2" are two files. The digest gives no secret away.
        self._key = hashlib.sha256(urlsplit(url)._replace(fragment="").geturl().encode()).hexdigest()
        seen = recall(settings.own, self._key)
        if seen is not None and (sha256 not in (None, seen.sha256) or size not in (None, seen.size)):
            seen = None  # another file is wanted now
        self._expected = sha256 or (seen.sha256 if seen else None)
        known = seen if sha256 else None  # without a digest what is fetched now may differ from what was seen
        self._size = size
        self._wanted = Wanted(
            name=_name_of(url),
            # A size alone proves nothing: what its source says of the file is held against it, not cut to it.
            size=known.size if known else size if sha256 else None,
            sha256=sha256,
            piece_size=known.piece_size if known else PIECE,
            pieces=known.pieces if known else (),
        )
        if size is not None and sha256 is None:  # with a digest, what comes after the size is cut off and proved
            self._wanted = self._wanted._replace(most_bytes=size)
        self._data: bytearray | None = None
        self._pieces: tuple[str, ...] = ()
        self._seed: str | None = None

    def obtain(self) -> tuple[str | None, str, str]:
        """Return the object's path (None when it is in memory), its digest and where it came from."""
        held = self._stored()
        if held is not None:
            self._say_unverified(str(self._expected))
            return held, str(self._expected), "store"
        if self.settings.offline:
            raise NotStoredError(
                f"{self._wanted.name} is not on this machine, and contacting anybody was ruled out",
                evidence=[("url", redact_url(self.url)), ("store", self.settings.own.root)],
            )
        source = redact_url(self.url)
        try:
            path, digest = self._into_store()
        except StoreError as error:
            if not concerns(self.settings.own, error):
                raise
            self.findings.append(
                finding(
                    "SS215", f"the store cannot be written: {error.message}", level="warning", evidence=error.evidence
                )
            )
            path, digest = None, self._into_memory()
        self._say_unverified(digest)
        return path, digest, source

    def deliver(self, path: str | None, digest: str, target: str) -> str:
        """Put a copy where it was asked for; a directory gets it under the URL's name."""
        is_directory = os.path.isdir(target) or target.endswith(("/", os.sep))
        target = os.path.abspath(os.path.join(target, self._wanted.name) if is_directory else target)
        place(path, self._data, target, sha256=digest, aside="replaced")
        return target

    def _say_unverified(self, digest: str) -> None:
        if self._wanted.sha256 is None:
            self.findings.append(_unverified(self._wanted.name, self.url, digest))

    def _waiting(self) -> None:
        if self._tell is not None:
            text = "another process is fetching it; waiting for that"
            self._tell(Event("wait", self._wanted.name, 0, self._wanted.size, "", text))

    def _stored(self) -> str | None:
        """Return the stored copy, proved once more; a damaged one is set aside."""
        if self._expected is None:
            return None
        for layout in self.settings.layouts:
            path = layout.object(self._expected)
            if not os.path.lexists(path):
                continue
            why = damage_of(path, self._expected)
            if not why:
                return path
            if layout == self.settings.own:
                self._set_aside(path, why)
        return None

    def _set_aside(self, path: str, why: str) -> None:
        """Move a damaged copy away; where that is refused it still serves for the bytes that are right."""
        from ..store.quarantine import set_aside

        where = None
        with contextlib.suppress(StoreError):
            where = set_aside(self.settings.own, path, why)
        self._seed = next((p for p in (where, path) if p and os.path.isfile(p)), None)

    def _fetch(self, sink: Any) -> str:
        from ..transport.client import Client

        with Client(self.limits) as client:
            fetch = Fetch(
                self._wanted,
                [Source(self.url, "built-in", redact_url(self.url))],
                sink,
                client=lambda: client,
                openers=OPENERS,
                limits=self.limits,
                listener=self._tell,
            )
            try:
                digest = fetch.run()
            finally:
                self.attempts += fetch.attempts
        self._pieces = fetch.pieces
        if self._size not in (None, sink.size()):
            seen = [("url", redact_url(self.url)), ("bytes", str(sink.size())), ("expected", str(self._size))]
            raise TruncatedError(f"{self._wanted.name} is shorter than was said", evidence=seen)
        return digest

    def _into_store(self) -> tuple[str, str]:
        own = self.settings.own
        prepare(own)
        key = self._wanted.sha256 or f"url-{self._key}"
        life = partial(signs_of_life, own, key)
        with hold(own, key, patience=self.limits.total, waiting=self._waiting, life=life) as held:
            there = self._stored()
            if there is not None:
                return there, str(self._expected)
            require(own.root, self._wanted.size or 0, self._wanted.name)
            with Partial(own, key, self._wanted.name, take_over=held, seed=self._seed) as begun:
                digest = self._fetch(begun)
                remember(own, self._key, look(begun, digest, self._pieces))
                begun.publish(own.object(digest))
        return own.object(digest), digest

    def _into_memory(self) -> str:
        key = self._wanted.sha256 or f"url-{self._key}"
        sink = memory_sink(self.settings.own, key, seed=self._seed, most=self._wanted.size)
        digest = self._fetch(sink)
        self._data = sink.data
        return digest


def _name_of(url: str) -> str:
    """Return the last part of a URL as the name of a file, and of nothing outside its directory."""
    name = re.split(r"[/\\]", unquote(urlsplit(url).path.rsplit("/", 1)[-1]))[-1]
    name = "".join(c for c in name if c.isprintable())
    return "download" if name in ("", ".", "..") else name


def _unverified(name: str, url: str, digest: str) -> Finding:
    """Return the note that nothing proves a file, with the command that does from now on."""
    # A URL that may hold credentials is not written down: the command then says URL in its place.
    again = ("steadyset", "fetch", url if redact_url(url) == url else "URL", "--sha256", digest)
    text = "Compare the digest seen with one that the publisher names; given from now on, another file is refused."
    return finding(
        "SS217",
        f"{name} was fetched without a digest to compare with: its bytes are unverified",
        level="note",
        evidence=[("sha256 seen", digest)],
        remedies=[Remedy(text, (again,))],
    )._replace(verify=again)
