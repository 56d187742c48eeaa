"""One cold load or fetch: obtains files, remembers every attempt and everything worth knowing."""

from __future__ import annotations

import contextlib
import mmap
import os
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

from ..decode import Buffer
from ..errors import ArgumentError, FetchError, SteadysetError, StoreError
from ..findings.records import Finding
from ..findings.report import finding
from ..manifests.records import FileSpec, Manifest
from ..progress import listener
from ..settings import Settings
from ..store.layout import Layout, mark_text
from ..store.locking import hold
from ..store.objects import find, sha256_of
from ..store.partials import Partial
from ..store.quarantine import set_aside
from ..store.writing import coded, write_file
from ..transport.engine import Fetch
from ..transport.memory import MemorySink
from ..transport.records import Attempt, Event, Limits, Source, Wanted
from .sources import OPENERS, Tier, sources_of

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
        self._seeds: dict[str, str] = {}
        self._client: Client | None = None
        try:
            self.tell = listener(progress) or (lambda _: None)
        except TypeError as error:
            raise ArgumentError(str(error), evidence=[("progress", repr(progress))]) from error

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.__exit__(kind, error, trace)

    @property
    def own(self) -> Layout:
        """The store that may be written."""
        return self.settings.own

    def client(self) -> Client:
        """Return the HTTP client, made when the first remote source is asked."""
        if self._client is None:
            from ..transport.client import Client

            self._client = Client(self.limits)
        return self._client

    def stored(self, file: FileSpec) -> Content | None:
        """Return a file that the store or a layer holds."""
        path = find(self.settings.layouts, file)
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

    def fetch(self, file: FileSpec, sources: Sequence[Source]) -> Content:
        """Fetch a file into the store, or into memory when the store cannot be written."""
        if not self.in_memory:
            try:
                return self._into_store(file, sources)
            except StoreError as error:
                self.give_up_store(error)
        sink = MemorySink()
        source = self._run(
            Fetch(
                Wanted.of(file),
                sources,
                sink,
                client=self.client,
                openers=OPENERS,
                limits=self.limits,
                listener=self.tell,
            )
        )
        return Content(file, source, data=sink.data)

    def give_up_store(self, error: SteadysetError) -> None:
        """Go on without writing to the store, and remember to say so."""
        self.in_memory = True
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
        with hold(self.own, file.sha256, patience=self.limits.total, waiting=self._waiting(file)) as held:
            there = self.stored(file)
            if there is not None:
                return there
            seed = self._seeds.get(file.sha256)
            with Partial(self.own, file.sha256, file.name, take_over=held, seed=seed) as partial:
                source = self._run(
                    Fetch(
                        Wanted.of(file),
                        sources,
                        partial,
                        client=self.client,
                        openers=OPENERS,
                        limits=self.limits,
                        listener=self.tell,
                    )
                )
                partial.publish(self.own.object(file.sha256))
        return Content(file, source, self.own.object(file.sha256))

    def _waiting(self, file: FileSpec):  # type: ignore[no-untyped-def]
        text = "another process is fetching it; waiting for that"
        return lambda: self.tell(Event("wait", file.name, 0, file.size, "", text))

    def _run(self, fetch: Fetch) -> str:
        """Run a fetch, keep its record, and return where the last bytes came from."""
        try:
            fetch.run()
        finally:
            self.attempts += fetch.attempts
            self.downloaded += sum(a.bytes for a in fetch.attempts if "://" in a.source)
        return fetch.attempts[-1].source if fetch.attempts else "store"

    def set_damaged_aside(self, contents: Sequence[Content]) -> bool:
        """Move aside every object that is not what its name says; return whether there was one."""
        found = False
        for content in contents:
            if content.path is None or sha256_of(content.path) == content.file.sha256:
                continue
            found = True
            self.set_aside(content.path, "digest-mismatch", content.file.name, content.file.sha256)
        return found

    def set_aside(self, path: str, why: str, name: str, key: str) -> None:
        """Move a bad file of our own store to quarantine and remember to say so."""
        where = None
        if path.startswith(self.own.root + os.sep):
            with contextlib.suppress(StoreError):
                where = set_aside(self.own, path, why)
        if where is not None:
            self._seeds[key] = where
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
        if isinstance(error, FetchError) and error.attempts:
            known = set(map(id, self.errors))
            if id(error) in known:
                return
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
    """Yield the bytes of a content, mapped where it is a file."""
    if content.data is not None or content.path is None:
        yield content.data if content.data is not None else b""
        return
    with open(content.path, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            yield b""
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            yield mapped
