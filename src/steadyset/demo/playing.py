"""The acts of the demonstration, in order."""

from __future__ import annotations

import time
from collections.abc import Callable

from .. import manifests
from ..practice.faults import CutAfter, Portal
from ..show.terminal import Depth
from ..store.layout import Layout
from .stage import DATASET, Stage, damage, dead_port

_PAUSE = 1.2


def play(
    write: Callable[[str], None],
    *,
    color: bool = False,
    unicode: bool = True,
    width: int = 80,
    quick: bool = False,
) -> int:
    """Play the demonstration: six acts on a real server on loopback, about 20 seconds, no internet.

    What the stock loader does is read from its source: ``keras/src/utils/file_utils.py`` (``get_file``)
    of Keras 3.15.

    Args:
        write: takes one line at a time.
        color: whether 256 colours may be used.
        unicode: whether block characters may be used.
        width: columns of the screen.
        quick: whether to leave out the pauses.

    Returns:
        The exit code: 0 when every act ended as it should.
    """
    begun = time.perf_counter()
    pause = 0.0 if quick else _PAUSE
    depth: Depth = "256" if color else "none"
    with Stage(write, depth=depth, unicode=unicode, width=width, pause=pause) as stage:
        stage.say(
            "steadyset demo: a server on this machine serves drawn digits and misbehaves on purpose. "
            "They are drawn here from stroke skeletons; they are not MNIST. Nothing leaves this machine."
        )
        for act in (_first_load, _second_load, _dead_source, _cut_connection, _damaged_cache, _captive_portal):
            act(stage)
        stage.say()
        seconds = time.perf_counter() - begun
        stage.say(f"Six of six loaded, every array verified, in {seconds:.0f} s. Now the real MNIST:")
        stage.say("  steadyset load mnist")
    return 0


def _first_load(stage: Stage) -> None:
    stage.title(1, "A first load")
    splits, seconds = stage.load()
    size = stage.origin.bytes_sent() / 1e6
    stage.tell(
        "fetches the file in one go, straight to its final name.",
        f"{size:.0f} MB fetched aside, each MiB proved as it came, published by rename: {seconds:.2f} s.",
    )
    stage.curtain(splits)


def _second_load(stage: Stage) -> None:
    stage.title(2, "A second load")
    stage.origin.reset()
    stage.load()
    splits, seconds = stage.load()
    stage.tell(
        "hashes the file and unpacks it again, each time.",
        f"arrays mapped from the store and verified: {seconds * 1e3:.1f} ms, {len(stage.origin.requests)} requests.",
    )
    stage.curtain(splits)


def _dead_source(stage: Stage) -> None:
    stage.title(3, "A source that is dead")
    stage.new_store()
    splits, seconds = stage.load(f"http://127.0.0.1:{dead_port()}", stage.origin.url)
    stage.tell(
        "knows one address; ends with a traceback and [Errno 111].",
        f"went on to the next source: {seconds:.2f} s.",
    )
    stage.curtain(splits)


def _cut_connection(stage: Stage) -> None:
    stage.title(4, "A connection that is cut again and again")
    stage.new_store()
    stage.misbehave(CutAfter(6_000_000, with_rst=True))
    splits, seconds = stage.load()
    times = len(stage.origin.requests)
    size = manifests.get(DATASET).recipe("keras-npz").files[0].size
    stage.tell(
        "begins at zero each time; behind this server it never gets the file.",
        f"resumed {times - 1} times from the last byte, {stage.origin.bytes_sent() / size - 1:.1%} fetched twice: "
        f"{seconds:.2f} s.",
    )
    stage.curtain(splits)


def _damaged_cache(stage: Stage) -> None:
    stage.title(5, "A damaged file in the cache")
    stage.misbehave()
    damage(Layout(stage.home).array(manifests.get(DATASET).arrays["x_train"].sha256))
    splits, seconds = stage.load()
    stage.tell(
        "uses a damaged file whose digest it does not know; else fetches all of it again.",
        f"noticed one changed bit, moved that copy to quarantine, made a new one from the verified file: "
        f"{seconds:.2f} s, {len(stage.origin.requests)} requests.",
    )
    stage.curtain(splits)


def _captive_portal(stage: Stage) -> None:
    stage.title(6, "A captive portal")
    stage.new_store()
    stage.misbehave(Portal(path="hotel/*"))
    splits, seconds = stage.load(f"{stage.origin.url}/hotel", stage.origin.url)
    stage.tell(
        'saves the sign-in page as the data file and says "corrupted file"; the page stays there.',
        f"knew the page for a page in its first kilobyte, kept nothing of it, took the next source: {seconds:.2f} s.",
    )
    stage.curtain(splits)
