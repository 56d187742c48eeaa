"""Fetch any file by its URL, with the same engine and store as the datasets' files."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from ..errors import ArgumentError, NotStoredError, StoreError
from ..findings.records import Finding
from ..findings.redaction import redact_url
from ..findings.report import finding
from ..manifests.records import PIECE
from ..settings import Settings
from ..store.layout import Layout, check
from ..store.locking import hold
from ..store.objects import sha256_of
from ..store.partials import Partial
from ..store.writing import write_file
from ..transport.engine import Fetch
from ..transport.memory import MemorySink
from ..transport.records import Attempt, Limits, Listener, Source, Wanted
from .placing import place
from .session import prepare
from .sources import OPENERS

if TYPE_CHECKING:
    from ..progress import Progress

_HEX64 = re.compile(r"[0-9a-fA-F]{64}")
_SEEN = "steadyset.seen/1"


class Seen(NamedTuple):
    """What was seen of a URL when it was fetched: digest, size in bytes, validators, pieces and Unix time."""

    sha256: str
    size: int
    etag: str | None
    last_modified: str | None
    fetched: float
    piece_size: int
    pieces: tuple[str, ...]


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
    job = _Job(settings, url, sha256 and sha256.lower(), size, listener(progress), limits or Limits())
    path, digest, source = job.obtain()
    if to is not None:
        path = job.deliver(path, digest, os.path.abspath(os.path.expanduser(os.fspath(to))))
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
        self._key = hashlib.sha256(redact_url(url).encode()).hexdigest()
        self._seen = _recall(settings.own, self._key)
        seen = self._seen
        fits = seen is not None and sha256 in (None, seen.sha256)
        self._expected = sha256 or (seen.sha256 if seen else None)
        self._wanted = Wanted(
            name=unquote(urlsplit(url).path.rsplit("/", 1)[-1]) or "download",
            size=seen.size if fits and seen else size,
            sha256=sha256,
            piece_size=seen.piece_size if fits and seen else PIECE,
            pieces=seen.pieces if fits and seen and sha256 else (),
        )
        self._data: bytearray | None = None
        self._seed: str | None = None

    def obtain(self) -> tuple[str | None, str, str]:
        """Return the object's path (None when it is in memory), its digest and where it came from."""
        held = self._stored()
        if held is not None:
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
            self.findings.append(
                finding(
                    "SS215", f"the store cannot be written: {error.message}", level="warning", evidence=error.evidence
                )
            )
            path, digest = None, self._into_memory()
        if self._wanted.sha256 is None:
            self.findings.append(_unverified(self._wanted.name, digest))
        return path, digest, source

    def deliver(self, path: str | None, digest: str, target: str) -> str:
        """Put a copy where it was asked for; a directory gets it under the URL's name."""
        if os.path.isdir(target):
            target = os.path.join(target, self._wanted.name)
        place(path, self._data, target, sha256=digest, aside="replaced")
        return target

    def _stored(self) -> str | None:
        """Return the stored copy, proved once more; a damaged one is set aside."""
        from ..store.quarantine import set_aside

        if self._expected is None:
            return None
        for layout in self.settings.layouts:
            path = layout.object(self._expected)
            if not os.path.isfile(path):
                continue
            if sha256_of(path) == self._expected:
                return path
            if layout == self.settings.own:
                self._seed = set_aside(layout, path, "digest-mismatch")
        return None

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
                return fetch.run()
            finally:
                self.attempts += fetch.attempts

    def _into_store(self) -> tuple[str, str]:
        own = self.settings.own
        prepare(own)
        key = self._wanted.sha256 or f"url-{self._key}"
        with hold(own, key, patience=self.limits.total) as held:
            there = self._stored()
            if there is not None:
                return there, str(self._expected)
            with Partial(own, key, self._wanted.name, take_over=held, seed=self._seed) as partial:
                digest = self._fetch(partial)
                _remember(own, self._key, _seen(partial, digest, partial.noted()))
                partial.publish(own.object(digest))
        return own.object(digest), digest

    def _into_memory(self) -> str:
        sink = MemorySink()
        digest = self._fetch(sink)
        self._data = sink.data
        return digest


def _unverified(name: str, digest: str) -> Finding:
    return finding(
        "SS217",
        f"{name} was fetched without a digest to compare with: its bytes are unverified",
        level="note",
        evidence=[("sha256 seen", digest)],
        remedies=(),
    )


def _seen(partial: Partial, digest: str, noted: Mapping[str, str | int | None]) -> Seen:
    """Cut a fetched file into pieces of its own, so that it can be repaired later."""
    size = partial.size()
    pieces = (hashlib.sha256(partial.read_at(at, PIECE)).hexdigest() for at in range(0, size, PIECE))
    etag, modified = noted.get("etag"), noted.get("last_modified")
    return Seen(
        digest,
        size,
        etag if isinstance(etag, str) else None,
        modified if isinstance(modified, str) else None,
        time.time(),
        PIECE,
        tuple(pieces),
    )


def _path(layout: Layout, key: str) -> str:
    return os.path.join(layout.root, "seen", f"{key}.json")


def _remember(layout: Layout, key: str, seen: Seen) -> None:
    write_file(_path(layout, key), [json.dumps({"schema": _SEEN, **seen._asdict()}).encode()])


def _recall(layout: Layout, key: str) -> Seen | None:
    try:
        with open(_path(layout, key), "rb") as file:
            raw = json.load(file)
        if raw.pop("schema") != _SEEN:
            return None
        return Seen(**{**raw, "pieces": tuple(raw["pieces"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None
