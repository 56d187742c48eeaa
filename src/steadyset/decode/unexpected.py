"""The error for a file that is something else than was wanted: it names what the file is."""

from __future__ import annotations

from steadyset.errors import DamagedError, DataError, FormatError
from steadyset.sniff import HEAD, Kind, sniff

__all__ = ["counted", "unexpected"]

_LABELS = {
    "html": "title",
    "xml": "code",
    "json": "message",
    "git-lfs-pointer": "pointer",
    "gzip": "name inside",
    "zip": "first member",
    "tar": "first member",
    "npy": "header",
    "idx": "content",
    "text": "first line",
}
_COMPRESSED = frozenset({"gzip", "bzip2", "xz", "zstd", "7z", "rar"})


def unexpected(view: memoryview, *, name: str, wanted: str) -> DataError:
    """Return the error that says what ``view`` is, since it is not ``wanted``.

    Args:
        view: the whole file, as bytes.
        name: what to call it in the message.
        wanted: what it should have been, with its article: ``"an .npz file"``.

    Returns:
        For the caller to raise: ``FormatError`` with SS205 for a compressed file, with SS204 for any
        other kind; ``DamagedError`` with SS202 for an empty file, with SS201 for one of zero bytes.
    """
    kind = sniff(view[:HEAD], size=view.nbytes)
    evidence = [("size", counted(view.nbytes)), *_seen(view, kind)]
    if kind.name == "empty":
        return DamagedError(f"{name} is empty, not {wanted}", code="SS202", evidence=evidence)
    if kind.name == "zeros":
        return DamagedError(
            f"{name} begins with nothing but zero bytes, it is not {wanted}", code="SS201", evidence=evidence
        )
    if kind.name in _COMPRESSED:
        return FormatError(
            f"{name} is still compressed: it is {kind.description}, not {wanted}",
            code="SS205",
            evidence=evidence,
        )
    what = f"{name} is not {wanted}" if kind.name == "unknown" else f"{name} is {kind.description}, not {wanted}"
    return FormatError(what, code="SS204", evidence=evidence)


def _seen(view: memoryview, kind: Kind) -> list[tuple[str, str]]:
    seen = []
    if kind.detail and kind.name != "unknown":
        seen.append((_LABELS.get(kind.name, "detail"), kind.detail))
    if kind.name != "empty":
        seen.append(("first bytes", bytes(view[:16]).hex(" ")))
    return seen


def counted(size: int) -> str:
    """Return a number of bytes for people: ``"11,490,434 bytes"``."""
    return f"{size:,} byte" if size == 1 else f"{size:,} bytes"
