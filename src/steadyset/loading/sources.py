"""Where a file may be had, in the order to ask: the mirrors of the user, then the built-in sources."""

from __future__ import annotations

import os
from typing import BinaryIO, Literal
from urllib.parse import quote

from ..findings.redaction import redact_url
from ..manifests.records import FileSpec, Manifest
from ..settings import Settings, mirror_base
from ..transport.records import Source

Tier = Literal["mirrors", "built-in"]


def sources_of(settings: Settings, manifest: Manifest, file: FileSpec, tier: Tier) -> list[Source]:
    """Return the sources of one tier for one file. Offline, those that open a socket are left out.

    At a mirror a file is looked for at ``{mirror}/{file}``, then at ``{mirror}/{dataset}/{file}``.

    Raises:
        MirrorError: SS442, a mirror is neither a URL nor a path.
    """
    if tier == "mirrors":
        found = [s for m in settings.mirrors for s in _at_mirror(mirror_base(m), manifest.name, file.name)]
    else:
        found = [_built_in(url) for url in file.sources]
    return [s for s in found if not (settings.offline and s.is_remote)]


def _at_mirror(base: str, dataset: str, file: str) -> list[Source]:
    if base.startswith(("http://", "https://")):
        urls = [f"{base}{quote(file)}", f"{base}{quote(dataset)}/{quote(file)}"]
        return [Source(u, "mirror", redact_url(u)) for u in urls]
    paths = [os.path.join(base, file), os.path.join(base, dataset, file)]
    return [Source(p, "mirror", p) for p in paths]


def _built_in(url: str) -> Source:
    if url.startswith("file:"):
        return Source(mirror_base(url), "built-in", url)
    return Source(url, "built-in", redact_url(url))


def open_path(path: str) -> BinaryIO:
    """Open a file of a mirror's directory."""
    return open(path, "rb")


def open_practice(url: str) -> BinaryIO:
    """Make a file of the drawn digits; ``url`` is ``practice:NAME``."""
    import io

    from ..practice.files import content

    return io.BytesIO(content(url.removeprefix("practice:")))


OPENERS = {"": open_path, "practice": open_practice}
