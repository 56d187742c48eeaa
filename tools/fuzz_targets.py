"""What is fuzzed: every reader of bytes that others wrote, and what must hold whatever they are.

A target takes any bytes. It returns when all is well; ``BrokenError``, or anything that is not the reader's own
error, says that something is not.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import fuzz_wire
import numpy as np
import xxhash
from fuzz_wire import BrokenError

from steadyset import sniff
from steadyset.decode.gunzip import gunzip
from steadyset.decode.idx import read_idx
from steadyset.decode.npy import read_npy
from steadyset.decode.npz import read_npz
from steadyset.errors import DataError, ManifestError
from steadyset.loading import seen, urls
from steadyset.manifests import reading
from steadyset.manifests.records import ArraySpec
from steadyset.practice import files
from steadyset.settings import Settings
from steadyset.store import arrays, partials
from steadyset.store.layout import Layout
from steadyset.transport.records import Limits

_MOST = 1 << 22
_ARRAYS: dict[str, Any] = {"x": np.arange(24, dtype=np.uint8).reshape(2, 3, 4), "y": np.arange(3, dtype=np.int64)}


class Target(NamedTuple):
    """One thing that is fuzzed: what it does with bytes, where to start from, and the words of its format."""

    run: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    tokens: tuple[bytes, ...] = ()


def _npy(array: Any) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, array, allow_pickle=False)
    return out.getvalue()


def _same(ours: Any, theirs: Any) -> bool:
    return bool(ours.dtype == theirs.dtype and ours.shape == theirs.shape and ours.tobytes() == theirs.tobytes())


def run_npy(data: bytes) -> None:
    """A ``.npy`` file: what is read is what NumPy reads."""
    try:
        ours = read_npy(data, name="fuzz.npy")
    except DataError:
        return
    try:
        theirs = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except Exception:
        return  # ours may know more: NumPy refuses headers that it finds too long, and warns of others
    if not _same(ours, theirs):
        raise BrokenError("NumPy reads another array")


def run_npz(data: bytes) -> None:
    """An ``.npz`` file: no more than is allowed, and what NumPy reads."""
    try:
        ours = read_npz(data, name="fuzz.npz", most_bytes=_MOST)
    except DataError:
        return
    if sum(array.nbytes for array in ours.values()) > _MOST:
        raise BrokenError("more bytes than are allowed")
    with contextlib.suppress(Exception), np.load(io.BytesIO(data), allow_pickle=False) as theirs:
        different = [name for name in ours if name in theirs and not _same(ours[name], theirs[name])]
        if different:
            raise SystemError(different)


def run_idx(data: bytes) -> None:
    """An IDX file, gzipped or not: never more than is allowed."""
    try:
        array = read_idx(data, name="fuzz.idx", most_bytes=_MOST)
    except DataError:
        return
    if array.nbytes > _MOST + 4:
        raise BrokenError("more bytes than are allowed")


def run_gunzip(data: bytes) -> None:
    """A gzip file: no more than is allowed, and what Python's gzip reads, or what the trailer says."""
    try:
        ours = gunzip(data, name="fuzz.gz", most_bytes=_MOST)
    except DataError:
        return
    if len(ours) > _MOST:
        raise BrokenError("more bytes than are allowed")
    try:
        right = ours == gzip.decompress(data)
    except Exception:
        # libdeflate does not tell where a stream ended: bytes between that and the trailer go unseen.
        right = data.endswith(zlib.crc32(ours).to_bytes(4, "little") + len(ours).to_bytes(4, "little"))
    if not right:
        raise BrokenError("Python's gzip reads something else")


def run_sniff(data: bytes) -> None:
    """The first bytes of anything: a kind whose words can stand in a message."""
    kind = sniff.sniff(data, size=len(data) or None)
    if not kind.name or not kind.description.isprintable() or not kind.detail.isprintable():
        raise BrokenError(f"not printable: {kind!r}")


def run_manifest(data: bytes) -> None:
    """A manifest: its own error, or a manifest."""
    with contextlib.suppress(ManifestError):
        reading.parse(data.decode("utf-8", "replace"), path="fuzz.json")


@contextlib.contextmanager
def _layout() -> Iterator[Layout]:
    with tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=True) as folder:
        yield Layout(folder)


def run_journal(data: bytes) -> None:
    """The journal of an unfinished download that another process left: the file comes out right all the same."""
    text = data.replace(b"@BOOT@", (partials._boot() or "").encode())
    with _layout() as layout:
        folder = Path(layout.partials)
        folder.mkdir(parents=True)
        (folder / "key.1.part").write_bytes(fuzz_wire.FILE[:700])
        (folder / "key.1.json").write_bytes(text)
        partials.read_journal(str(folder / "key.1.json"))
        with partials.Partial(layout, "key", "file.bin") as partial:
            fuzz_wire.converse(fuzz_wire.plain(), partial, fuzz_wire.RIGHT, must=True)


_KEY = fuzz_wire.sha256(fuzz_wire.URL.encode())
_SPEC = ArraySpec("x", (2, 3, 4), "uint8", "0" * 64)


def run_seal(data: bytes) -> None:
    """The seal of a stored array, its checksum made to fit if the first byte is odd: never another array."""
    body = data[1:]
    fits = bool(data) and data[0] & 1
    check = b"\n" + xxhash.xxh3_64_hexdigest(body).encode() + b"\n" if fits else b""
    with _layout() as layout:
        array = Path(layout.array(_SPEC.sha256))
        array.parent.mkdir(parents=True)
        array.write_bytes(_npy(_ARRAYS["x"]))
        Path(layout.seal(_SPEC.sha256)).write_bytes(body + check)
        held = arrays.take(layout, _SPEC, "fast")
        if isinstance(held, arrays.Held) and not _same(held.array, _ARRAYS["x"]):
            raise BrokenError("another array")


def run_recall(data: bytes) -> None:
    """What was seen of a URL, as another process wrote it down: of no harm to the next fetch."""
    url, digest = fuzz_wire.URL, fuzz_wire.sha256(fuzz_wire.FILE)
    with _layout() as layout:
        seen.remember(layout, _KEY, seen.Seen(digest, 1, None, None, 1.0, 1, ()))
        Path(layout.root, "seen", f"{_KEY}.json").write_bytes(data)
        for sha256 in (None, digest):
            job = urls._Job(Settings(layout.root), url, sha256, None, None, Limits())
            if job._key != _KEY or job._stored() is not None:
                raise BrokenError("nothing is stored")
            fuzz_wire.converse(job._wanted, fuzz_wire.MemorySink(), fuzz_wire.RIGHT, must=True)


def _seal_seeds() -> list[bytes]:
    data = _npy(_ARRAYS["x"])
    seal = arrays.Seal(len(data) - 24, len(data), xxhash.xxh3_128_hexdigest(data), 1, {"source": "fuzz"})
    text = arrays._seal_text(seal, _SPEC.sha256)
    body = text.split(b"\n")[0]
    return [
        b"\0" + text,
        b"\1" + body,
        b"\1{}",
        b"\1[" + body + b"]",
        b"\1" + body.replace(b'"offset": ', b'"offset": "a'),
    ]


def _journal_seeds() -> list[bytes]:
    facts = {"schema": "steadyset.journal/1", "key": "key", "name": "file.bin", "boot": "@BOOT@"}
    seen = {"url": fuzz_wire.URL, "etag": '"one"', "last_modified": "Mon, 01 Jan 2024 00:00:00 GMT", "size": 1000}
    odd = {"url": 1, "etag": ["a"], "last_modified": {}, "size": "many"}
    return [json.dumps(facts | more).encode() for more in ({}, seen, odd)] + [b"{}", b"[1]", b"null", b'"text"']


def _recall_seeds() -> list[bytes]:
    file = fuzz_wire.FILE
    pieces = tuple(fuzz_wire.sha256(file[at : at + 256]) for at in range(0, len(file), 256))
    record = seen.Seen(fuzz_wire.sha256(file), len(file), '"one"', None, 1.0, 256, pieces)
    text = json.dumps({"schema": "steadyset.seen/1", **record._asdict()}).encode()
    return [text, b"{}", b"[]", text.replace(b'"size": 1000', b'"size": null')]


def _manifest_seeds() -> list[bytes]:
    return [manifest.read_bytes() for manifest in Path(reading.__file__).with_name("data").glob("*.json")]


def _npz_seeds() -> list[bytes]:
    packed, stored = io.BytesIO(), io.BytesIO()
    np.savez_compressed(packed, **_ARRAYS)
    np.savez(stored, **_ARRAYS)
    return [packed.getvalue(), stored.getvalue()]


def _gzip_seeds() -> list[bytes]:
    member = gzip.compress(b"some text, some text", 9, mtime=0)
    return [member, member + member, files.gzip_stored(b"stored"), gzip.compress(b"", mtime=0)]


def _sniff_seeds() -> list[bytes]:
    pages = [b"<!doctype html><title>A page</title>", b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\n"]
    return [*pages, b"\x80\x04\x95", *_npz_seeds(), *_gzip_seeds(), _npy(_ARRAYS["x"]), b"{}", bytes(600)]


_JSON = (b"null", b"[", b"{", b"[" * 2000, b"1e999", b"NaN", b"-1", b'""', b"true", b'"\\ud800"', b"9" * 5000)
_ZIP = (b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"\x01\x00\x1c\x00", b".npy")
_NPY = (b"\x93NUMPY\x01\x00", b"'<f8'", b"'|O'", b"(0,)", b"(-1,)", b"True", b"'descr'", b"'shape'", b"\n")

TARGETS: dict[str, Target] = {
    "npz": Target(run_npz, _npz_seeds, (*_ZIP, *_NPY)),
    "npy": Target(run_npy, lambda: [_npy(array) for array in _ARRAYS.values()], _NPY),
    "idx": Target(run_idx, lambda: [files.idx(_ARRAYS["x"]), files.gzip_stored(files.idx(_ARRAYS["x"]))]),
    "gunzip": Target(run_gunzip, _gzip_seeds, (b"\x1f\x8b\x08", b"\x00\x00\xff\xff", b"\x03\x00")),
    "sniff": Target(run_sniff, _sniff_seeds, (b"<title>", b"<html", b"\x1f\x8b", b"ustar", b"&#x1b;", *_ZIP)),
    "manifest": Target(run_manifest, _manifest_seeds, (*_JSON, b'"pieces"', b'"sources"')),
    "journal": Target(run_journal, _journal_seeds, (*_JSON, b'"etag"', b'"size"', b'"W/x"', b"@BOOT@")),
    "seal": Target(run_seal, _seal_seeds, (*_JSON, b'"offset"', b'"size"', b'"sha256"')),
    "recall": Target(run_recall, _recall_seeds, (*_JSON, b'"pieces"', b'"size"', b'"sha256"')),
    "wire": Target(fuzz_wire.run, fuzz_wire.seeds, fuzz_wire.TOKENS),
}
