"""Unfinished downloads: a file each, with a journal beside it, so that a later process can go on.

Each download has a partial of its own, so two writers never share one. An orphan of a process that
died is claimed by renaming it, which only one claimer can win, and its bytes are copied: its former
owner, should it live after all, then writes into a file without a name.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from types import TracebackType
from typing import Any

from ..findings.redaction import redact_url
from .layout import Layout
from .writing import coded, discard, publish, sync, token, write_all

_SCHEMA = "steadyset.journal/1"


class Partial:
    """One unfinished download in a store; a sink of the fetch engine. Use as a context manager.

    On leaving without ``publish`` the bytes and the journal stay for the next process.

    Args:
        layout: the store.
        key: what is downloaded: the SHA-256, or a digest of the URL where that is not known.
        name: the name of the file, for the journal.
        take_over: whether to go on with an orphan of the same key; only with the key's lock held.
        seed: a damaged copy of the file whose good pieces may be used; it is only read.
    """

    def __init__(self, layout: Layout, key: str, name: str, *, take_over: bool = True, seed: str | None = None) -> None:
        self._layout = layout
        self._key = key
        self._stem = os.path.join(layout.partials, f"{key}.{token()}")
        self._facts: dict[str, Any] = {"schema": _SCHEMA, "key": key, "name": name}
        self._published = False
        self.path = f"{self._stem}.part"
        self.journal = f"{self._stem}.json"
        with coded(self.path):
            os.makedirs(layout.partials, exist_ok=True)
            # O_EXCL: never write into a file that somebody else made.
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        if take_over:
            self._take_over()
        if seed is not None and self.size() == 0:
            self._copy_from(seed)
        self._write_journal()

    def __enter__(self) -> Partial:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; an empty partial is not worth keeping."""
        if self._file < 0:
            return
        empty = not self._published and self.size() == 0
        os.close(self._file)
        self._file = -1
        if empty:
            discard(self.path)
            discard(self.journal)

    def write_at(self, offset: int, data: bytes | memoryview) -> None:
        """Write bytes at an offset."""
        with coded(self.path):
            os.lseek(self._file, offset, os.SEEK_SET)
            write_all(self._file, data)

    def read_at(self, offset: int, size: int) -> bytes:
        """Return up to ``size`` bytes from an offset."""
        with coded(self.path, "read"):
            os.lseek(self._file, offset, os.SEEK_SET)
            parts = []
            while size > 0 and (part := os.read(self._file, size)):
                parts.append(part)
                size -= len(part)
        return b"".join(parts)

    def size(self) -> int:
        """Return the size of the partial in bytes."""
        return os.fstat(self._file).st_size

    def resize(self, size: int) -> None:
        """Cut the partial to a size in bytes."""
        with coded(self.path):
            os.ftruncate(self._file, size)

    def note(self, **facts: str | int | None) -> None:
        """Write down what the source said."""
        self._facts.update(facts)
        self._write_journal()

    def noted(self) -> dict[str, str | int | None]:
        """Return what was written down, by this process or the one before."""
        return dict(self._facts)

    def publish(self, final: str) -> None:
        """Flush the partial and give it its good name; the journal goes.

        Raises:
            StoreError: with the code of the cause.
        """
        with coded(final):
            sync(self._file)
            os.close(self._file)
            self._file = -1
            try:
                publish(self.path, final)
            except FileNotFoundError:
                if not os.path.exists(final):  # claimed by another process, which is to publish it
                    raise
        self._published = True
        discard(self.journal)

    def _write_journal(self) -> None:
        facts = {k: redact_url(v) if isinstance(v, str) else v for k, v in self._facts.items()}
        aside = f"{self.journal}.tmp"
        with coded(self.journal):
            with open(aside, "w", encoding="utf-8") as file:
                json.dump(facts, file)
            os.replace(aside, self.journal)

    def _take_over(self) -> None:
        """Copy what the largest orphan of the same key holds."""
        orphans = sorted(_of_key(self._layout, self._key, besides=self.path), key=_size, reverse=True)
        for orphan in orphans[:1]:
            claimed = f"{self._stem}.claimed"
            try:
                os.rename(orphan, claimed)
            except OSError:
                continue  # another process was first, or on Windows its owner still has it open
            facts = read_journal(_journal_of(orphan))
            self._copy_from(claimed)
            self._facts.update({k: facts[k] for k in ("url", "etag", "last_modified", "size") if k in facts})
            discard(claimed)
            discard(_journal_of(orphan))

    def _copy_from(self, path: str) -> None:
        with coded(self.path), open(path, "rb") as source, open(self.path, "r+b") as target:
            shutil.copyfileobj(source, target, 1 << 20)


def read_journal(path: str) -> dict[str, Any]:
    """Return what a journal says; a damaged or absent one says nothing."""
    try:
        with open(path, "rb") as file:
            facts = json.loads(file.read(1 << 16))
    except (OSError, ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) and facts.get("schema") == _SCHEMA else {}


def orphans(layout: Layout) -> list[str]:
    """Return the paths of all unfinished downloads of a store."""
    with contextlib.suppress(OSError):
        names = sorted(os.listdir(layout.partials))
        return [os.path.join(layout.partials, n) for n in names if n.endswith((".part", ".claimed"))]
    return []


def _journal_of(partial: str) -> str:
    return f"{partial.rsplit('.', 1)[0]}.json"


def _of_key(layout: Layout, key: str, *, besides: str) -> list[str]:
    return [p for p in orphans(layout) if os.path.basename(p).startswith(f"{key}.") and p != besides]


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return -1
