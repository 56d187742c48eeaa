"""``load``, ``fetch`` and ``verify``: the calls people make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ArgumentError
from ..settings import Settings
from ..splits import Splits
from .warm import load_with

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from ..findings.report import Report
    from ..progress import Progress
    from ..store.arrays import Verify


_VERIFY = ("fast", "full", "stat")


def load(
    name: str,
    *,
    offline: bool | None = None,
    verify: Verify = "fast",
    progress: Progress = None,
) -> Splits:
    """Load a dataset as arrays.

    Looks for decoded arrays in the store, then for the verified files there, then at the mirrors of
    ``STEADYSET_MIRRORS``, then at the built-in sources; what is found is proved before it is used and
    kept for the next time. A damaged copy is moved to quarantine and the next best place is taken, in
    the same call. When the store cannot be written the data are loaded without it and a
    ``SteadysetWarning`` says so. Processes that ask at the same time share one download.

    Args:
        name: the dataset, as in ``steadyset list``, or the path of a manifest.
        offline: True contacts nobody; None does what ``STEADYSET_OFFLINE`` says.
        verify: how stored arrays are checked each time: ``"fast"`` compares the XXH3-128 of their bytes,
            ``"full"`` the SHA-256 as well, ``"stat"`` only size and times.
        progress: True for lines on stderr (in a notebook, one line that is updated in place), False for
            silence, a callable to be told each event, None for lines in a notebook and on a terminal.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``, also as ``.train.x`` and so on. For ``"mnist"`` x is
        ``(60000, 28, 28)`` and ``(10000, 28, 28)`` ``uint8``, 0 (paper) to 255 (ink), and y is
        ``(60000,)`` and ``(10000,)`` ``uint8``, 0 to 9: what ``tf.keras.datasets.mnist.load_data()``
        returns. The arrays are plain, writable and private to the caller. ``.provenance`` tells where
        they came from.

    Raises:
        UnknownDatasetError: SS441.
        ArgumentError: SS443, ``verify``, ``offline`` or ``progress`` is none of the above.
        FetchError: the leaf for the true cause, SS101 to SS141; SS108 when ``offline`` and not stored.
        StoreError: SS212, SS213, the store's place is not usable.
    """
    if verify not in _VERIFY:
        raise ArgumentError(
            f"verify is one of {', '.join(_VERIFY)}, not {verify!r}", evidence=[("verify", repr(verify))]
        )
    _check_switch("offline", offline)
    _check_progress(progress)
    splits = load_with(Settings.from_environ(offline=offline), name, verify=verify, progress=progress)
    _warn(splits)
    return splits


def fetch(
    name: str,
    *,
    to: str | os.PathLike[str] | None = None,
    offline: bool | None = None,
    progress: Progress = None,
) -> list[Path]:
    """Fetch the published files of a dataset, verified.

    The files of the first recipe are taken from the store, a mirror or a built-in source. They stay in
    the store, read-only; ``to`` puts copies elsewhere. A file that is there already and is right is left
    alone; one that is wrong is renamed to ``NAME.corrupt-TIME`` first, never deleted.

    Args:
        name: the dataset.
        to: ``"keras"`` for Keras' own cache (``KERAS_HOME`` is respected), ``"torchvision"`` for
            ``data/NAME/raw`` below the current directory, where its loaders look with ``root="data"``,
            or a directory. None leaves the files in the store.
        offline: True contacts nobody; None does what ``STEADYSET_OFFLINE`` says.
        progress: as for ``load``.

    Returns:
        The paths of the files, in the order of the manifest.

    Raises:
        UnknownDatasetError, ArgumentError: SS441, SS443.
        FetchError: the leaf for the true cause.
        StoreError: the store or the directory cannot be written.
    """
    from pathlib import Path

    from .fetching import fetch_with

    _check_switch("offline", offline)
    _check_progress(progress)
    record = fetch_with(Settings.from_environ(offline=offline), name, to=to, progress=progress)
    return [Path(path) for path in record.paths]


def fetch_url(
    url: str,
    *,
    sha256: str | None = None,
    size: int | None = None,
    to: str | os.PathLike[str] | None = None,
) -> Path:
    """Fetch any file by its URL, with the engine and the store of the datasets.

    Resumed, retried and published like a dataset's file. With ``sha256`` the bytes are proved; without,
    they are unverified: the digest that was seen is recorded beside the URL, and the copy that is stored
    serves the next call. A file that stands at ``to`` already and is another is renamed to
    ``NAME.replaced-TIME``.

    Args:
        url: an http or https URL.
        sha256: the expected digest, 64 hex digits.
        size: the expected size in bytes.
        to: where to put a copy: a file, or a directory. None leaves it in the store.

    Returns:
        The path of the file; nothing is there unless it is whole and, with ``sha256``, right.

    Raises:
        ArgumentError: SS443.
        FetchError, DataError: the leaf for the true cause.
        StoreError: neither the store nor ``to`` can be written.
    """
    from pathlib import Path

    from .urls import fetch_url_with

    return Path(fetch_url_with(Settings.from_environ(), url, sha256=sha256, size=size, to=to).path)


def verify(name: str | None = None) -> Report:
    """Check what is stored against the recorded digests, by SHA-256, and change nothing.

    Objects and decoded arrays of the store and its layers are read in full, and the files that Keras
    keeps of the same datasets.

    Args:
        name: one dataset, or None for all.

    Returns:
        A report with a record per dataset; ``report.ok`` is False when something is damaged. Nothing
        stored is no problem.

    Raises:
        UnknownDatasetError: SS441.
        StoreError: SS212, SS213.
    """
    from .verification import verify_with

    return verify_with(Settings.from_environ(), None if name is None else [name])


def heal(name: str | None = None, *, apply: bool = True) -> Report:
    """Move damaged copies aside and put good ones in their place.

    Looks at everything ``verify`` looks at. A damaged file of the store goes to its quarantine, one of
    Keras' cache is renamed to ``NAME.corrupt-TIME-WHY``; then what is missing is had again from the
    store, the mirrors or the built-in sources. Nothing is deleted. Layers are never written.

    Args:
        name: one dataset, or None for all.
        apply: False only reports what would be done.

    Returns:
        A report; ``report.ok`` is False when something is still failing, or, without ``apply``, when
        there is something to heal.

    Raises:
        UnknownDatasetError: SS441.
        StoreError: SS212, SS213.
    """
    from .healing import heal_with

    return heal_with(Settings.from_environ(), None if name is None else [name], apply=apply)


def _check_switch(name: str, value: object) -> None:
    if value is not None and not isinstance(value, bool):
        raise ArgumentError(f"{name} is True, False or None, not {value!r}", evidence=[(name, repr(value))])


def _check_progress(progress: object) -> None:
    if progress is not None and not isinstance(progress, bool) and not callable(progress):
        raise ArgumentError(
            f"progress is True, False, None or a callable, not {progress!r}", evidence=[("progress", repr(progress))]
        )


def _warn(splits: Splits) -> None:
    provenance = splits.provenance
    if provenance is None or not provenance.findings:
        return
    import warnings

    from ..errors import SteadysetWarning

    for found in provenance.findings:
        if found.level == "warning":
            warnings.warn(f"[{found.code}] {found.message}", SteadysetWarning, stacklevel=3)
