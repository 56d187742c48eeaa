"""``steadyset list``: the datasets there are, and which of them are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .answering import Answer
from .app import CONTEXT
from .options import Run, common

if TYPE_CHECKING:
    from ..manifests.records import Manifest
    from ..store.layout import Layout
    from .console import Channel

EPILOG = """\b
Examples:
  steadyset list
  steadyset list -v
  steadyset list --json
"""


@click.command("list", context_settings=CONTEXT, epilog=EPILOG)
@common
def command(run: Run) -> Answer:
    """List the datasets, and which of them are stored on this machine.

    With -q only their names, one per line.
    """
    from .. import manifests
    from ..findings.report import Report
    from ..store.layout import check

    settings = run.settings()
    check(settings.own)
    entries = [_entry(manifests.get(name), settings.layouts) for name in manifests.names()]
    stored = sum(entry["stored"]["arrays"] or bool(entry["stored"]["recipes"]) for entry in entries)
    report = Report("list", f"{len(entries)} datasets, {stored} stored", extra={"catalogue": entries})
    if run.common.quiet:
        return Answer(report, product=[entry["name"] for entry in entries])
    return Answer(report, body=_lines(entries, run.console.out, verbose=run.common.verbose))


def _entry(manifest: Manifest, layouts: tuple[Layout, ...]) -> dict[str, Any]:
    from ..store.census import holding

    held = holding(layouts, manifest)
    generated = any(not recipe.files for recipe in manifest.recipes)
    sizes = [sum(file.size for file in recipe.files) for recipe in manifest.recipes if recipe.files]
    return {
        "name": manifest.name,
        "title": manifest.title,
        "summary": manifest.summary,
        "licence": manifest.licence.name,
        "homepage": manifest.homepage,
        "samples": {name: _samples(manifest, split.x) for name, split in manifest.splits.items()},
        "recipes": [recipe.name for recipe in manifest.recipes],
        "download_bytes": 0 if generated else min(sizes, default=0),
        "generated": generated,
        "stored": {"arrays": held.arrays, "recipes": list(held.recipes)},
        "loads_offline": held.loads_offline or generated,
    }


def _samples(manifest: Manifest, array: str) -> int:
    shape = manifest.arrays[array].shape
    return shape[0] if shape else 0


def _lines(entries: list[dict[str, Any]], channel: Channel, *, verbose: int) -> list[str]:
    import textwrap

    from .tables import facts, table

    rows = [["name", "samples", "download", "stored", ""]]
    rows += [
        [e["name"], " + ".join(f"{n:,}" for n in e["samples"].values()), _size(e), _stored(e), e["title"]]
        for e in entries
    ]
    lines = table(rows, channel)
    if not verbose:
        return lines
    for number, entry in enumerate(entries, 1):
        more = [(key, entry[key]) for key in ("licence", "homepage")]
        more = [*more, ("recipes", ", ".join(entry["recipes"])), ("summary", "")]
        summary = textwrap.wrap(entry["summary"], max(channel.width - 6, 20), break_on_hyphens=False)
        below = [*facts(more, channel), *(f"  {line}" for line in summary), ""]
        lines[number] = "\n".join([lines[number], *(f"  {line}".rstrip() for line in below)])
    return "\n".join(lines).rstrip("\n").split("\n")


def _size(entry: dict[str, Any]) -> str:
    from .tables import size

    return "made here" if entry["generated"] else size(entry["download_bytes"])


def _stored(entry: dict[str, Any]) -> str:
    if entry["stored"]["arrays"]:
        return "yes"
    return "files" if entry["stored"]["recipes"] else "no"
