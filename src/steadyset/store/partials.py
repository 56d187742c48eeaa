"""Unfinished downloads: a file each, with a journal beside it, so that a later process can go on.

Each download has a partial of its own, so two writers never share one. An orphan of a process that
died is claimed by renaming it, which only one claimer can win, and its bytes are copied: its former
owner, should it live after all, then writes into a file without a name, and publishes a copy of that.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from functools import cache
from types import TracebackType
from typing import Any

from ..findings.redaction import redact_url
from .layout import Layout
from .writing import coded, discard, make_directories, publish, read_part, sync, token, write_all, write_file

_SCHEMA = "steadyset.journal/1"
_BLOCK = 1 << 20
_OLD = 120.0  # seconds; a source that asks for patience is given a minute


class Partial:
    """One unfinished download in a store; a sink of the fetch engine. Use as a context manager.

    On leaving without ``publish`` the bytes and the journal stay for the next process.

    Args:
        layout: the store.
        key: what is downloaded: the SHA-256, or a digest of the URL where that is not known.
        name: the name of the file, for the journal.
        take_over: whether to go on with any orphan of the same key: when the key's lock is held. Otherwise
            only with one that nobody has written to for two minutes.
        seed: a damaged copy of the file whose good pieces may be used; it is only read.
    """

    def __init__(self, layout: Layout, key: str, name: str, *, take_over: bool = True, seed: str | None = None) -> None:
        self._layout = layout
        self._key = key
        self._stem = os.path.join(layout.partials, f"{key}.{token()}")
        self._facts: dict[str, Any] = {"schema": _SCHEMA, "key": key, "name": name, "boot": _boot()}
        self._published = False
        self.path = f"{self._stem}.part"
        self.journal = f"{self._stem}.json"
        self._file = _create(self.path)
        try:
            self._take_over(everything=take_over)
            if seed is not None and self.size() == 0:
                self._copy_from(seed)
        except BaseException:
            self._withdraw()
            raise
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
        if not os.path.exists(self.path):  # it was claimed: whoever did that has the journal's facts
            discard(self.journal)

    def write_at(self, offset: int, data: bytes | memoryview) -> None:
        """Write bytes at an offset."""
        with coded(self.path):
            write_all(self._file, data, offset)

    def read_at(self, offset: int, size: int) -> bytes:
        """Return up to ``size`` bytes from an offset."""
        with coded(self.path, "read"):
            parts = []
            while size > 0 and (part := read_part(self._file, size, offset)):
                parts.append(part)
                size -= len(part)
                offset += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

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
            if os.name == "nt":  # Windows renames no open file; nor can another take it away then
                self._end()
            try:
                publish(self.path, final)
            except FileNotFoundError:  # another process claimed or removed it: what it held is still here
                write_file(final, self._blocks())
            self._end()
        self._published = True
        for left in _files_of(self._layout, self._key):
            discard(left)

    def _end(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _blocks(self) -> Iterator[bytes]:
        at = 0
        while block := self.read_at(at, _BLOCK):
            yield block
            at += len(block)

    def _write_journal(self) -> None:
        """Write the journal, if that can be done: without it the bytes are still there."""
        facts = {k: redact_url(v) if isinstance(v, str) else v for k, v in self._facts.items()}
        aside = f"{self.journal}.tmp"
        try:
            with open(aside, "w", encoding="utf-8") as file:
                json.dump(facts, file)
            os.replace(aside, self.journal)
        except OSError:
            discard(aside)

    def _take_over(self, *, everything: bool) -> None:
        """Copy what the largest orphan of the same key holds that can be had."""
        claimed = f"{self._stem}.claimed"
        for orphan in _orphans_of(self._layout, self._key, besides=self.path):
            if not (everything or _is_old(orphan)):
                continue
            # First what is known of it, so that a death between two of these steps loses nothing.
            self._facts |= facts_of(orphan)
            self._write_journal()
            try:
                os.rename(orphan, claimed)
            except OSError:
                continue  # another process was first, or on Windows its owner still has it open
            self._copy_from(claimed)
            discard(claimed)
            discard(_journal_of(orphan))
            break
        if everything:
            self._sweep()

    def _sweep(self) -> None:
        """Remove what others of the same key left: with its lock held nobody is at work on it."""
        for left in _files_of(self._layout, self._key):
            if not left.startswith(f"{self._stem}."):
                discard(left)

    def _withdraw(self) -> None:
        """Leave what was claimed to the next process: it cannot be copied here."""
        self._end()
        claimed = f"{self._stem}.claimed"
        if os.path.exists(claimed):
            with contextlib.suppress(OSError):
                os.replace(claimed, self.path)
            return
        discard(self.path)
        discard(self.journal)

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


def facts_of(partial: str) -> dict[str, Any]:
    """Return what is known of the source of an orphan.

    Bytes of before the machine last started may never have reached the disk, whatever the file's size says:
    then nothing is known but where there are holes, so that only a digest makes them believed.
    """
    facts = read_journal(_journal_of(partial))
    known = ("held",) if facts.get("boot") != _boot() else ("url", "etag", "last_modified", "size", "held")
    return {k: facts[k] for k in known if k in facts}


def orphans(layout: Layout) -> list[str]:
    """Return the paths of all unfinished downloads of a store."""
    with contextlib.suppress(OSError):
        names = sorted(os.listdir(layout.partials))
        return [os.path.join(layout.partials, n) for n in names if n.endswith((".part", ".claimed"))]
    return []


def largest(layout: Layout, key: str) -> str | None:
    """Return the largest unfinished download of a key, whoever is at it, or None."""
    return next(iter(_orphans_of(layout, key)), None)


def signs_of_life(layout: Layout, key: str) -> tuple[tuple[str, int, int], ...]:
    """Return something that changes as long as somebody downloads a key."""
    found = []
    for path in _files_of(layout, key):
        with contextlib.suppress(OSError):
            stat = os.stat(path)
            found.append((path, stat.st_size, stat.st_mtime_ns))
    return tuple(found)


def _create(path: str) -> int:
    with coded(path):
        for again in (True, False):
            make_directories(os.path.dirname(path))
            try:
                # O_EXCL: never write into a file that somebody else made.
                return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
            except FileNotFoundError:  # the directory was removed at this moment
                if not again:
                    raise
    raise AssertionError("unreachable")


@cache
def _boot() -> str | None:
    """Return what tells this run of the machine from the one before; None where nothing does."""
    with contextlib.suppress(OSError), open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()
    return None


def _journal_of(partial: str) -> str:
    return f"{partial.rsplit('.', 1)[0]}.json"


def _files_of(layout: Layout, key: str) -> list[str]:
    with contextlib.suppress(OSError):
        names = sorted(os.listdir(layout.partials))
        return [os.path.join(layout.partials, name) for name in names if name.startswith(f"{key}.")]
    return []


def _orphans_of(layout: Layout, key: str, *, besides: str = "") -> list[str]:
    """Return the unfinished downloads of a key, the largest first."""
    found = [p for p in _files_of(layout, key) if p.endswith((".part", ".claimed")) and p != besides]
    return sorted(found, key=_size, reverse=True)


def _is_old(path: str) -> bool:
    """Whether nobody has written to an unfinished download for longer than a living one would wait."""
    try:
        return time.time() - os.path.getmtime(path) > _OLD
    except OSError:
        return False


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return -1
