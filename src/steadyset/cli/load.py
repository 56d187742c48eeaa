"""``steadyset load``: from wherever the bytes are to arrays, with a look at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .answering import Answer
from .app import CONTEXT
from .options import Run, common, timeout

if TYPE_CHECKING:
    from ..transport.records import Limits

EPILOG = """\b
Examples:
  steadyset load mnist
  steadyset load mnist --mirror ~/Downloads
  steadyset load mnist --offline --verify full
  steadyset load mnist --timeout 60
  steadyset load mydata.json --json
"""


@click.command("load", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("name")
@click.option(
    "--verify",
    type=click.Choice(("fast", "full", "stat")),
    default="fast",
    show_default=True,
    help="How stored arrays are checked: XXH3 of their bytes, SHA-256 of them, or size and times.",
)
@timeout
@common
def command(run: Run, name: str, verify: str, limits: Limits | None) -> Answer:
    """Load the dataset NAME and show what it is.

    Looks in the store, then at mirrors, then at the built-in sources; verifies, decodes, and keeps it
    for the next time. NAME may be the path of a manifest of your own, ending in .json.
    """
    from .. import manifests
    from ..findings.report import Report
    from ..loading.warm import load_with
    from .describing import describe, load_summary
    from .documents import loaded_record

    settings = run.settings()
    manifest = manifests.get(name)
    run.datasets = (manifest.name,)
    with run.progress() as tell:
        splits = load_with(settings, name, verify=verify, progress=tell, limits=limits)  # type: ignore[arg-type]
    provenance = splits.provenance
    assert provenance is not None
    record = loaded_record(manifest, provenance)
    report = Report("load", load_summary(manifest, provenance), provenance.findings, (record,))
    body = describe(manifest, splits, settings, run.console.out, verbose=run.common.verbose)
    return Answer(report, body=body)
