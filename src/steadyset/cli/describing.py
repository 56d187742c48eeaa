"""A loaded dataset in words, numbers and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..show.samples import are_pictures, as_grey, as_text, first_of_each, label_counts
from ..show.terminal import gallery
from .console import Channel, clean
from .tables import attempt_lines, duration, facts, size, table

if TYPE_CHECKING:
    from ..manifests.records import Manifest
    from ..settings import Settings
    from ..splits import Provenance, Splits

_MOST_LABELS = 20


def load_summary(manifest: Manifest, provenance: Provenance) -> str:
    """Return what a load came to, in one sentence."""
    return f"{manifest.name} loaded from {_place(provenance)} in {duration(provenance.seconds)}"


def describe(
    manifest: Manifest, splits: Splits, settings: Settings, channel: Channel, *, verbose: int = 0
) -> list[str]:
    """Return what ``steadyset load`` prints: whence, what was verified, shapes, labels, pictures."""
    provenance = splits.provenance
    assert provenance is not None
    lines = [f"{channel.paint(manifest.name, 'bold')}  {manifest.title}", ""]
    lines += facts(_facts(manifest, provenance, settings), channel)
    lines += attempt_lines(provenance.attempts, channel) if verbose or len(provenance.attempts) > 1 else []
    lines += ["", *table(_shapes(splits), channel)]
    counts = _counts(splits)
    lines += ["", *table(counts, channel)] if counts else []
    pictures = draw(splits, channel)
    return [*lines, "", *pictures] if pictures else lines


def _facts(manifest: Manifest, provenance: Provenance, settings: Settings) -> list[tuple[str, str]]:
    got = f"{size(provenance.bytes_downloaded)} downloaded, " if provenance.bytes_downloaded else ""
    warm = provenance.source == "store"
    return [
        ("from", f"{_place(provenance)} ({got}{duration(provenance.seconds)})"),
        ("origin", provenance.origin if warm and provenance.origin != "store" else ""),
        ("recipe", provenance.recipe),
        ("verified", _verified(provenance)),
        ("store", settings.home),
    ]


def _place(provenance: Provenance) -> str:
    return "the store" if provenance.source == "store" else clean(provenance.source)


def _verified(provenance: Provenance) -> str:
    other = "; from a copy with another digest and the same arrays" if provenance.equivalent else ""
    return f"{provenance.verified}{other}"


def _shapes(splits: Splits) -> list[list[str]]:
    return [
        [name, f"x {as_text(split.x)}", f"y {as_text(split.y)}"]
        for name, split in (("train", splits.train), ("test", splits.test))
    ]


def _counts(splits: Splits) -> list[list[str]]:
    """Return how often each label occurs, as the rows of a table; none when these are no labels."""
    train, test = label_counts(splits.train.y), label_counts(splits.test.y)
    if train is None or test is None:
        return []
    width = max(len(train), len(test))
    if width > _MOST_LABELS:
        most = max(train), min(n for n in train if n)
        return [["labels", f"{width}, between {most[1]} and {most[0]} samples of each in train"]]
    names = [*splits.label_names, *map(str, range(len(splits.label_names), width))][:width]
    rows = [["label", *names]]
    rows += [[n, *map(str, c), *["0"] * (width - len(c))] for n, c in (("train", train), ("test", test))]
    return rows if sum(map(len, names)) < 60 else [list(column) for column in zip(*rows, strict=True)]


def draw(splits: Splits, channel: Channel, *, margin: int = 2) -> list[str]:
    """Return the first sample of each label of the train split, drawn; none when they are no pictures."""
    x = splits.train.x
    labels, where = first_of_each(splits.train) if are_pictures(x) else ([], None)
    if where is None or not labels:
        return []
    lines = gallery(
        as_grey(x[where[:, 0]]),
        columns=channel.width - margin - 1,
        depth=channel.depth,
        unicode=channel.unicode,
        captions=[splits.label_names[c] if c < len(splits.label_names) else str(c) for c in labels],
    )
    return [" " * margin + line for line in lines]
