"""One download by one Python library, in a process of its own, with everything it offers against misfortune.

The arguments are LIBRARY URL TARGET SHA256 MD5 SIZE. Ends with 0 if the library says that all went well,
otherwise with its exception. ``survival_tools`` calls ``main``: ``make bench`` is not to run this file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple


class Errand(NamedTuple):
    """What is to be had, and where it is to be put."""

    url: str
    target: Path
    sha256: str
    md5: str
    size: int


def with_pooch(errand: Errand) -> None:
    """Fetch through a registry with the digest, eight tries, and a timeout, as pooch's documentation shows."""
    import pooch  # type: ignore[import-not-found, unused-ignore]

    cave = pooch.create(
        path=errand.target.parent,
        base_url="",
        registry={errand.target.name: f"sha256:{errand.sha256}"},
        urls={errand.target.name: errand.url},
        retry_if_failed=8,
    )
    cave.fetch(errand.target.name, downloader=pooch.HTTPDownloader(timeout=15))


def with_keras(errand: Errand) -> None:
    """Call ``keras.utils.get_file`` with the digest; it has no other option against misfortune."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    keras.utils.get_file(
        errand.target.name,
        origin=errand.url,
        file_hash=errand.sha256,
        hash_algorithm="sha256",
        cache_dir=errand.target.parent.parent,
        cache_subdir=errand.target.parent.name,
    )


def with_torchvision(errand: Errand) -> None:
    """Call torchvision's ``download_url`` with the MD5 it takes."""
    _torchvision_utils().download_url(errand.url, str(errand.target.parent), errand.target.name, errand.md5)


def _torchvision_utils() -> Any:
    """Return torchvision's module of downloads, also where its operators do not fit this torch."""
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")  # without a GPU's torch its own do not load
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    from torchvision.datasets import utils

    return utils


def with_huggingface_hub(errand: Errand) -> None:
    """Call ``http_get`` with the size, into a file beside the target that takes its name at the end.

    That is what ``hf_hub_download`` does with it; ``http_get`` resumes by itself and takes no digest.
    """
    from huggingface_hub.file_download import http_get  # type: ignore[import-not-found, unused-ignore]

    aside = errand.target.with_name(errand.target.name + ".incomplete")
    with open(aside, "wb") as file:
        http_get(errand.url, file, expected_size=errand.size)
    aside.replace(errand.target)


LIBRARIES: dict[str, Callable[[Errand], None]] = {
    "pooch": with_pooch,
    "keras": with_keras,
    "torchvision": with_torchvision,
    "huggingface_hub": with_huggingface_hub,
}


def main() -> None:
    """Run the errand of the command line."""
    library, url, target, sha256, md5, size = sys.argv[1:]
    LIBRARIES[library](Errand(url, Path(target), sha256, md5, int(size)))
