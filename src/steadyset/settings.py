"""What the user set: where the store is, which mirrors come first, whether anybody may be contacted."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .errors import MirrorError
from .store.layout import Layout

HOME, MIRRORS, LAYERS, OFFLINE = (
    "STEADYSET_HOME",
    "STEADYSET_MIRRORS",
    "STEADYSET_LAYERS",
    "STEADYSET_OFFLINE",
)
_FALSE = frozenset({"", "0", "false", "no", "off"})


class Settings(NamedTuple):
    """The settings of one call.

    Attributes:
        home: the store's directory.
        mirrors: base URLs and directories to try before the built-in sources, in order.
        layers: read-only stores that are looked into first.
        offline: contact nobody.
    """

    home: str
    mirrors: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    offline: bool = False

    @classmethod
    def from_environ(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        mirrors: Sequence[str] = (),
        offline: bool | None = None,
    ) -> Settings:
        """Return the settings of the environment, with what was asked for explicitly before them.

        Args:
            environ: the environment; left out, this process's.
            mirrors: mirrors to try before those of the environment.
            offline: left out, what ``STEADYSET_OFFLINE`` says.
        """
        env = os.environ if environ is None else environ
        return cls(
            home=_absolute(env.get(HOME) or default_home()),
            mirrors=(*mirrors, *_list(env.get(MIRRORS, ""), ",")),
            layers=tuple(_absolute(p) for p in _list(env.get(LAYERS, ""), os.pathsep)),
            offline=env.get(OFFLINE, "").strip().lower() not in _FALSE if offline is None else offline,
        )

    @property
    def own(self) -> Layout:
        """The store that may be written."""
        return Layout(self.home)

    @property
    def layouts(self) -> tuple[Layout, ...]:
        """All stores, in the order they are looked into."""
        return (*(Layout(p) for p in self.layers), self.own)


def default_home() -> str:
    """Return where the store is when nothing is set: the platform's user cache directory.

    On Linux this is worked out here as the XDG Base Directory Specification has it, which is what
    platformdirs does: importing that costs more than mapping MNIST.
    """
    if sys.platform == "linux" and not hasattr(sys, "getandroidapilevel"):
        base = os.environ.get("XDG_CACHE_HOME", "").strip() or os.path.expanduser("~/.cache")
        if os.path.isabs(base):
            return os.path.join(base, "steadyset")
    from platformdirs import user_cache_dir

    return user_cache_dir("steadyset", appauthor=False)


def _absolute(path: str) -> str:
    return os.path.abspath(os.path.expanduser(path))


def _list(text: str, separator: str) -> tuple[str, ...]:
    parts = text.replace("\n", separator).split(separator)
    return tuple(part.strip() for part in parts if part.strip())


def mirror_base(mirror: str) -> str:
    """Return a mirror as a base: an http(s) URL that ends in ``/``, or the path of a directory.

    Raises:
        MirrorError: SS442, it is neither.
    """
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    if not mirror.strip():
        raise _no_mirror(mirror, "it is empty")
    try:
        parts = urlsplit(mirror)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise _no_mirror(mirror, str(error)) from error
    if parts.scheme in ("http", "https"):
        if not host:
            raise _no_mirror(mirror, "the URL names no host")
        if parts.query or parts.fragment:
            raise _no_mirror(mirror, "a base URL has no query: file names are put after it")
        return f"{parts.scheme}:{mirror.split(':', 1)[1].rstrip('/')}/"  # the scheme in small letters
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost"):
            raise _no_mirror(mirror, "a file: URL of another host")
        return url2pathname(parts.path)
    if "://" in mirror:
        raise _no_mirror(mirror, f"{parts.scheme} is not http, https or file")
    return _absolute(mirror)


def require_mirrors(mirrors: Sequence[str]) -> None:
    """Refuse mirrors that were given explicitly and are neither a URL nor a directory that exists.

    Raises:
        MirrorError: SS442.
    """
    for mirror in mirrors:
        base = mirror_base(mirror)
        if not base.startswith(("http://", "https://")) and not os.path.isdir(base):
            raise _no_mirror(mirror, "there is no such directory")


def _no_mirror(mirror: str, why: str) -> MirrorError:
    from .findings.redaction import redact_url

    shown = redact_url(mirror)[:200]
    return MirrorError(f"not a mirror: {shown!r}", evidence=[("mirror", shown), ("because", why)])
