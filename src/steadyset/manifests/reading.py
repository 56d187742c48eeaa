"""Read a manifest: JSON text in, records out, and a refusal with file and line for anything else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

from ..errors import ManifestError
from .records import PIECE, ArraySpec, FileSpec, Licence, Manifest, Origin, Recipe, SplitSpec

SCHEMA = "steadyset.manifest/1"
T = TypeVar("T")
Path = tuple[str | int, ...]

_HEX64, _HEX32 = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{32}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_INTEGERS = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
_DTYPES = ("bool", *_INTEGERS, "float32", "float64")
_DECODERS = ("npz", "idx", "drawn")
_SOURCE = re.compile(r"(https?://|file:///?|practice:)\S+")
_PLACE = re.compile(r"([A-Za-z0-9_-][A-Za-z0-9._-]*/)*\{file\}")


class _MalformedError(Exception):
    def __init__(self, path: Path, what: str) -> None:
        self.path, self.what = path, what


class _Reader:
    """Reads one object, remembers what was read and refuses what is left over."""

    def __init__(self, value: Any, path: Path) -> None:
        if not isinstance(value, dict):
            raise _MalformedError(path, "must be an object")
        self.value: dict[str, Any] = value
        self.path = path
        self.seen = {"$schema", "comment"}

    def refuse(self, key: str | int, what: str) -> NoReturn:
        raise _MalformedError((*self.path, key), what)

    def get(self, key: str, kind: type[T], default: T | None = None, *, null: bool = False) -> Any:
        self.seen.add(key)
        value = self.value.get(key)
        if value is None and key not in self.value and default is not None:
            return default
        if value is None and null:
            return None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            word = "is missing" if key not in self.value else f"must be {_WORDS[kind]}"
            self.refuse(key, word)
        return value

    def text(self, key: str, pattern: re.Pattern[str], what: str, *, null: bool = False) -> Any:
        value = self.get(key, str, null=null)
        if value is not None and not pattern.fullmatch(value):
            self.refuse(key, f"must be {what}, not {value[:80]!r}")
        return value

    def natural(self, key: str, *, null: bool = False) -> Any:
        value = self.get(key, int, null=null)
        if value is not None and value < 0:
            self.refuse(key, "must not be negative")
        return value

    def items(self, key: str, read: Callable[[Any, Path], T], *, required: bool = False) -> tuple[T, ...]:
        values = self.get(key, list, None if required else [])
        return tuple(read(v, (*self.path, key, i)) for i, v in enumerate(values))

    def members(self, key: str, read: Callable[[str, Any, Path], T]) -> dict[str, T]:
        values = self.get(key, dict)
        return {k: read(k, v, (*self.path, key, k)) for k, v in values.items()}

    def done(self) -> None:
        for key in self.value:
            if key not in self.seen:
                self.refuse(key, "is not a key of a manifest at this place")


_WORDS: Mapping[type, str] = {str: "text", int: "a whole number", list: "a list", dict: "an object"}


def _whole(value: Any, path: Path) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _MalformedError(path, "must be a whole number that is not negative")
    return value


def _digest(value: Any, path: Path) -> str:
    if not isinstance(value, str) or not _HEX64.fullmatch(value):
        raise _MalformedError(path, "must be a SHA-256 in 64 lower-case hex digits")
    return value


def _words(value: Any, path: Path) -> str:
    if not isinstance(value, str):
        raise _MalformedError(path, "must be text")
    return value


def _alias(value: Any, path: Path) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise _MalformedError(path, "must be a lower-case name")
    return value


def _place(_: str, value: Any, path: Path) -> str:
    if not isinstance(value, str) or not _PLACE.fullmatch(value):
        raise _MalformedError(path, "must be directories and then {file}, as in 'datasets/{file}'")
    return value


def _source(value: Any, path: Path) -> str:
    if not isinstance(value, str) or not _SOURCE.fullmatch(value):
        raise _MalformedError(path, "must be an http, https, file or practice URL")
    return value


def _array(name: str, value: Any, path: Path) -> ArraySpec:
    r = _Reader(value, path)
    dtype = r.get("dtype", str)
    if dtype not in _DTYPES:
        r.refuse("dtype", f"must be one of {', '.join(_DTYPES)}")
    spec = ArraySpec(
        name=name,
        shape=r.items("shape", _whole, required=True),
        dtype=dtype,
        sha256=r.text("sha256", _HEX64, "a SHA-256 in 64 lower-case hex digits"),
        xxh3_128=r.text("xxh3_128", _HEX32, "an XXH3-128 in 32 lower-case hex digits", null=True),
        low=r.get("min", int, null=True),
        high=r.get("max", int, null=True),
        label_counts=r.items("label_counts", _whole) if "label_counts" in r.value else None,
    )
    if spec.low is not None and spec.high is not None and spec.low > spec.high:
        r.refuse("max", "must not be less than min")
    if spec.label_counts is not None and sum(spec.label_counts) != spec.count:
        r.refuse("label_counts", f"must add up to the {spec.count} elements of the array")
    r.done()
    return spec


def _file(value: Any, path: Path) -> FileSpec:
    r = _Reader(value, path)
    piece = r.get("piece_size", int, PIECE)
    spec = FileSpec(
        name=r.text("name", _FILE, "a plain file name"),
        size=r.natural("size"),
        sha256=r.text("sha256", _HEX64, "a SHA-256 in 64 lower-case hex digits"),
        md5=r.text("md5", _HEX32, "an MD5 in 32 lower-case hex digits", null=True),
        piece_size=piece,
        pieces=r.items("pieces", _digest),
        sources=r.items("sources", _source),
    )
    if piece <= 0:
        r.refuse("piece_size", "must be positive")
    if spec.pieces and len(spec.pieces) != -(-spec.size // piece):
        r.refuse("pieces", f"must have one digest per {piece} bytes of {spec.size}")
    r.done()
    return spec


def _recipe(value: Any, path: Path) -> Recipe:
    r = _Reader(value, path)
    decoder = r.get("decoder", str)
    if decoder not in _DECODERS:
        r.refuse("decoder", f"must be one of {', '.join(_DECODERS)}")
    files = r.items("files", _file)
    if bool(files) == (decoder == "drawn"):
        r.refuse("files", "must be left out: drawn digits have none" if files else "must hold a file")
    names = {f.name for f in files}

    def origin(name: str, raw: Any, at: Path) -> Origin:
        o = _Reader(raw, at)
        found = Origin(o.text("file", _FILE, "a plain file name"), o.get("member", str, null=True))
        if found.file not in names:
            o.refuse("file", f"names no file of this recipe: {found.file}")
        o.done()
        return found

    recipe = Recipe(
        name=r.text("name", _NAME, "a lower-case name"),
        decoder=decoder,
        files=files,
        arrays=r.members("arrays", origin) if files else {},
        places=r.members("places", _place) if "places" in r.value else {},
    )
    r.done()
    return recipe


def _split(_: str, value: Any, path: Path) -> SplitSpec:
    r = _Reader(value, path)
    split = SplitSpec(r.get("x", str), r.get("y", str))
    r.done()
    return split


def _licence(value: Any, path: Path) -> Licence:
    r = _Reader(value, path)
    licence = Licence(r.get("name", str), r.get("url", str), r.get("note", str, ""))
    r.done()
    return licence


def _manifest(value: Any) -> Manifest:
    r = _Reader(value, ())
    if r.get("schema", str) != SCHEMA:
        r.refuse("schema", f"must be {SCHEMA!r}: this file may be meant for another steadyset")
    manifest = Manifest(
        name=r.text("name", _NAME, "a lower-case name"),
        title=r.get("title", str),
        summary=r.get("summary", str),
        licence=_licence(r.get("licence", dict), ("licence",)),
        citation=r.get("citation", str),
        homepage=r.get("homepage", str, ""),
        label_names=r.items("label_names", _words),
        splits=r.members("splits", _split),
        arrays=r.members("arrays", _array),
        recipes=r.items("recipes", _recipe, required=True),
        aliases=r.items("aliases", _alias),
    )
    r.done()
    _agree(manifest)
    return manifest


def _agree(manifest: Manifest) -> None:
    """Refuse parts that do not fit each other."""
    if set(manifest.splits) != {"train", "test"}:
        raise _MalformedError(("splits",), "must be exactly train and test")
    for name, split in manifest.splits.items():
        for role, array in split._asdict().items():
            if array not in manifest.arrays:
                raise _MalformedError(("splits", name, role), f"names no array of the contract: {array}")
    if not manifest.recipes:
        raise _MalformedError(("recipes",), "must hold at least one recipe")
    for i, recipe in enumerate(manifest.recipes):
        if recipe.name in (r.name for r in manifest.recipes[:i]):
            raise _MalformedError(("recipes", i, "name"), f"is the name of another recipe: {recipe.name}")
        if recipe.files and set(recipe.arrays) != set(manifest.arrays):
            raise _MalformedError(("recipes", i, "arrays"), "must place every array of the contract, and no other")
        if len({f.name for f in recipe.files}) != len(recipe.files):
            raise _MalformedError(("recipes", i, "files"), "must not name a file twice")


class _TwinsError(Exception):
    """A key stands twice in one object."""


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwinsError
    return found


def parse(text: str, *, path: str) -> Manifest:
    """Turn the text of a manifest into records.

    Args:
        text: the JSON text.
        path: the file it comes from, for messages only.

    Raises:
        ManifestError: SS503, with the file and line of the first thing that is wrong.
    """
    try:
        return _manifest(json.loads(text, object_pairs_hook=_no_twins))
    except json.JSONDecodeError as error:
        raise _refusal(path, error.lineno, f"not JSON: {error.msg}") from error
    except _TwinsError:
        from .positions import twin_key

        line, key = twin_key(text)
        raise _refusal(path, line, f"the key {key!r} stands twice in one object") from None
    except (RecursionError, ValueError) as error:
        # Besides depth: Python refuses to read a number of more than 4,300 digits.
        raise _refusal(path, 1, f"not JSON that can be read: {error}") from error
    except _MalformedError as error:
        from .positions import line_of

        where = ".".join(str(step) for step in error.path) or "the manifest"
        raise _refusal(path, line_of(text, error.path), f"{where} {error.what}") from None


def _refusal(path: str, line: int, what: str) -> ManifestError:
    return ManifestError(f"{path}:{line}: {what}", evidence=[("file", path), ("line", str(line))])
