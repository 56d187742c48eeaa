"""What loading returns: two splits of arrays, and the record of where they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .findings.records import Finding
    from .transport.records import Attempt


class Split(NamedTuple):
    """One split.

    ``x`` holds the samples and ``y`` their labels, both with one entry per sample along the first axis.
    """

    x: NDArray[Any]
    y: NDArray[Any]


class Provenance(NamedTuple):
    """Where the arrays of one load came from and what was proved about them.

    Attributes:
        dataset: the name of the dataset.
        source: the place the bytes came from in this load: ``store`` or a URL or path.
        recipe: which recipe was decoded, now or when the store was filled.
        origin: where the store had the bytes from, when ``source`` is ``store``.
        verified: what was checked in this load, in words.
        equivalent: whether the file was another than the recorded one, with exactly the same arrays.
        attempts: every try at every source.
        bytes_downloaded: bytes that came over the network in this load.
        seconds: how long the load took.
        findings: what is worth knowing: a damaged copy set aside, a store that cannot be written.
    """

    dataset: str
    source: str
    recipe: str
    origin: str
    verified: str
    equivalent: bool = False
    attempts: tuple[Attempt, ...] = ()
    bytes_downloaded: int = 0
    seconds: float = 0.0
    findings: tuple[Finding, ...] = ()


class _Pair(NamedTuple):
    train: Split
    test: Split


class Splits(_Pair):
    """The train and test splits of a dataset.

    A tuple: ``(x_train, y_train), (x_test, y_test) = splits`` and ``splits.train.x`` both work. The
    arrays are plain, writable and private to the caller. ``provenance`` tells where they came from.
    """

    provenance: Provenance | None = None
    label_names: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        """Return a small contact sheet for a notebook."""
        from .show.sheet import splits_html

        return splits_html(self)
