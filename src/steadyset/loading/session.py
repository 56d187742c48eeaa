"""One cold load or fetch: obtains files, remembers every attempt and everything worth knowing."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

from ..decode import Buffer
from ..errors import ArgumentError, SteadysetError, StoreError
from ..findings.records import Finding
from ..findings.report import finding
from ..manifests.records import FileSpec, Manifest
from ..progress import listener
from ..settings import Settings
from ..store.health import Health
from ..store.layout import Layout, mark_text
from ..store.locking import hold
from ..store.objects import GONE, damage_of, find
from ..store.partials import Partial, largest, signs_of_life
from ..store.quarantine import set_aside
from ..store.space import require
from ..store.writing import coded, write_file
from ..transport.engine import Fetch, StoppedError
from ..transport.records import Attempt, Event, Limits, Sink, Source, Wanted
from .sources import OPENERS, Tier, sources_of
from .together import together
from .unstored import NO_LOCKS, NO_MAPS, concerns, limited, memory_sink

if TYPE_CHECKING:
    from ..progress import Progress
    from ..transport.client import Client


class Content(NamedTuple):
    """The bytes of one file: an object's path, or the bytes themselves when they could not be stored."""

    file: FileSpec
    source: str
    path: str | None = None
    data: Buffer | None = None


class Session:
    """What one cold call holds on to. Use as a context manager."""

    def __init__(self, settings: Settings, manifest: Manifest, progress: Progress, limits: Limits | None = None):
        self.settings = settings
        self.manifest = manifest
        self.limits = limits or Limits()
        self.attempts: list[Attempt] = []
        self.findings: list[Finding] = []
        self.errors: list[SteadysetError] = []
        self.downloaded = 0
        self.in_memory = False
        self.health = Health(settings.own)
        self.store_error: SteadysetError | None = None
        self.room = 0  # bytes that the store needs beside the files, for the decoded arrays
        self._seeds: dict[str, str] = {}
        self._bad: set[str] = set()
        self._clients: dict[threading.Thread, Client] = {}
        self._running: list[Fetch] = []
        self._stopped = False
        self._lock = threading.RLock()  # the files of a recipe come at the same time
        try:
            self._told = listener(progress) or (lambda _: None)
        except TypeError as error:
            raise ArgumentError(str(error), evidence=[("progress", repr(progress))]) from error

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients.values():
            client.__exit__(kind, error, trace)

    @property
    def own(self) -> Layout:
        """The store that may be written."""
        return self.settings.own

    def tell(self, event: Event) -> None:
        """Tell of the progress, one thread at a time."""
        with self._lock:
            self._told(event)

    def client(self) -> Client:
        """Return the HTTP client of this thread, made when it asks a remote source for the first time."""
        from ..transport.client import Client

        thread = threading.current_thread()
        if thread not in self._clients:
            self._clients[thread] = Client(self.limits)
        return self._clients[thread]

    def stored(self, file: FileSpec) -> Content | None:
        """Return a file that the store or a layer holds."""
        path = find(self.settings.layouts, file, besides=self._bad)
        return None if path is None else Content(file, "store", path)

    def obtain(self, file: FileSpec, tier: Tier) -> Content | None:
        """Return a file from the store or from the sources of a tier; None when the tier has no source.

        Raises:
            FetchError: every source of the tier failed.
        """
        held = self.stored(file)
        if held is not None:
            return held
        sources = sources_of(self.settings, self.manifest, file, tier)
        return self.fetch(file, sources) if sources else None

    def obtain_all(self, files: Sequence[FileSpec], tier: Tier | None) -> list[Content] | None:
        """Return files that belong together, fetched at the same time; None when a tier lacks one of them.

        The first that cannot be had ends the others; what has come of them is kept.

        Raises:
            FetchError: every source of the tier failed for one of them.
        """
        found = {file.name: self.stored(file) for file in files}
        sources = {
            file.name: sources_of(self.settings, self.manifest, file, tier) if tier and not found[file.name] else []
            for file in files
        }
        if not all(found[file.name] or sources[file.name] for file in files):
            return None
        missing = [file for file in files if not found[file.name]]
        self._stopped = False
        calls = [partial(self.fetch, file, sources[file.name]) for file in missing]
        fetched = iter(together(calls, self._stop) if calls else [])
        return [found[file.name] or next(fetched) for file in files]

    def _stop(self) -> None:
        with self._lock:
            self._stopped = True
            for fetch in self._running:
                fetch.stop()

    def fetch(self, file: FileSpec, sources: Sequence[Source]) -> Content:
        """Fetch a file into the store, or into memory when the store cannot be written."""
        if not self.in_memory:
            try:
                return self._into_store(file, sources)
            except StoreError as error:
                if not concerns(self.own, error):
                    raise
                self.give_up_store(error)
        sink = memory_sink(self.own, file.sha256, seed=self._seeds.get(file.sha256), most=file.size)
        source = self._run(self._fetch_of(file, sources, sink))
        return Content(file, source, data=sink.data)

    def give_up_store(self, error: SteadysetError) -> None:
        """Go on without writing to the store, and remember to say so."""
        with self._lock:
            if self.in_memory:
                return
            self._give_up_store(error)

    def _give_up_store(self, error: SteadysetError) -> None:
        self.in_memory = True
        self.store_error = error
        self.findings.append(
            finding(
                "SS215",
                f"the store {self.own.root} cannot be written; the data are loaded without it: {error.message}",
                level="warning",
                evidence=error.evidence,
            )
        )

    def _into_store(self, file: FileSpec, sources: Sequence[Source]) -> Content:
        prepare(self.own)
        with hold(
            self.own,
            file.sha256,
            patience=self.limits.total,
            waiting=lambda: self._waiting(file),
            lockless=self.say_lockless,
            life=lambda: signs_of_life(self.own, file.sha256),
        ) as held:
            there = self.stored(file)
            if there is not None:
                return there
            self._make_way(file)
            self._require_room(file)
            seed = self._seeds.get(file.sha256)
            with Partial(self.own, file.sha256, file.name, take_over=held, seed=seed) as partial:
                source = self._run(self._fetch_of(file, sources, partial))
                partial.publish(self.own.object(file.sha256))
        return Content(file, source, self.own.object(file.sha256))

    def _fetch_of(self, file: FileSpec, sources: Sequence[Source], sink: Sink) -> Fetch:
        return Fetch(
            Wanted.of(file),
            self.health.last(sources, lambda source: source.url),
            sink,
            client=self.client,
            openers=OPENERS,
            limits=self.limits,
            listener=self.tell,
        )

    def _waiting(self, file: FileSpec) -> None:
        text = "another process is fetching it; waiting for that"
        self.tell(Event("wait", file.name, 0, file.size, "", text))

    def _make_way(self, file: FileSpec) -> None:
        """Move aside what has the file's good name and is not the file: of another size, or no file at all."""
        path = self.own.object(file.sha256)
        if os.path.lexists(path) and path not in self._bad:
            self.set_aside(path, "not-the-file", file.name, file.sha256)
        if os.path.lexists(path):
            raise StoreError(f"{path} is damaged and cannot be moved aside", evidence=[("path", path)])

    def _require_room(self, file: FileSpec) -> None:
        """Ask for room before the first byte: what was begun is copied once, then its first copy goes."""
        begun = largest(self.own, file.sha256)
        held = 0
        with contextlib.suppress(OSError):
            held = min(os.path.getsize(begun), file.size) if begun else 0
        require(self.own.root, max(held, file.size - held + self.room), file.name)

    def say_lockless(self) -> None:
        """Remember to say that this file system has no locks."""
        self._say_limited(NO_LOCKS)

    def say_unmapped(self) -> None:
        """Remember to say that this file system has no memory maps."""
        self._say_limited(NO_MAPS)

    def _say_limited(self, what: str) -> None:
        found = limited(self.own, what)
        if found not in self.findings:
            self.findings.append(found)

    def _run(self, fetch: Fetch) -> str:
        """Run a fetch, keep its record, and return where the last bytes came from."""
        with self._lock:
            if self._stopped:
                raise StoppedError
            self._running.append(fetch)
        try:
            fetch.run()
        finally:
            self._keep_record(fetch)
        return fetch.attempts[-1].source if fetch.attempts else "store"

    def _keep_record(self, fetch: Fetch) -> None:
        with self._lock:
            self._running.remove(fetch)
            self.health.note(fetch.attempts)
            self.attempts += fetch.attempts
            self.downloaded += sum(a.bytes for a in fetch.attempts if a.source.startswith(("http://", "https://")))

    def set_damaged_aside(self, contents: Sequence[Content]) -> bool:
        """Move aside every object that is not what its name says; return whether there was one."""
        found = False
        for content in contents:
            if content.path is None:
                continue
            why = damage_of(content.path, content.file.sha256)
            found |= bool(why)
            if why and why != GONE:
                self.set_aside(content.path, why, content.file.name, content.file.sha256)
        return found

    def set_aside_quietly(self, path: str, why: str) -> str | None:
        """Move a bad file of our own store to quarantine; return where it is now, or None."""
        if path.startswith(self.own.root + os.sep):
            with contextlib.suppress(StoreError):
                return set_aside(self.own, path, why)
        return None

    def set_aside(self, path: str, why: str, name: str, key: str) -> None:
        """Move a bad file of our own store to quarantine and remember to say so."""
        where = self.set_aside_quietly(path, why)
        if where is None:
            self._bad.add(path)
        if os.path.isfile(where or path):
            self._seeds[key] = where or path
        self.findings.append(
            finding(
                "SS203",
                f"the stored copy of {name} was damaged and is not used",
                level="note",
                evidence=[("was", path), ("now", where or path), ("because", why)],
                remedies=(),
            )
        )

    def failed(self, error: SteadysetError) -> None:
        """Remember why a recipe could not be had from a tier."""
        if not any(error is known for known in self.errors):
            self.errors.append(error)


def prepare(layout: Layout) -> None:
    """Make sure that a store is there and says what it is.

    Raises:
        StoreError: it cannot be made.
    """
    if os.path.exists(layout.mark):
        return
    with coded(layout.root):
        os.makedirs(layout.root, exist_ok=True)
    write_file(layout.mark, [mark_text()])


@contextlib.contextmanager
def opened(content: Content) -> Iterator[Buffer]:
    """Yield the bytes of a content.

    A file is read and not mapped: where the disk fails, a read says so and a map ends the process.

    Raises:
        StoreError: SS206, the file cannot be read.
    """
    if content.data is not None or content.path is None:
        yield content.data if content.data is not None else b""
        return
    with coded(content.path, "read"), open(content.path, "rb") as file:
        data = file.read()
    yield data
