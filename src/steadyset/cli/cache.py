"""``steadyset cache``: where the store is, what is in it, how large it is, and what can go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .answering import Answer
from .app import CONTEXT, Group
from .options import Run, common

if TYPE_CHECKING:
    from ..store.census import Item
    from ..store.layout import Layout
    from ..store.pruning import Plan, Pruned

EPILOG = """\b
Examples:
  steadyset cache dir
  steadyset cache list -v
  steadyset cache size
  steadyset cache prune --dry-run
"""
PRUNE_EPILOG = """\b
Examples:
  steadyset cache prune --dry-run
  steadyset cache prune --yes
  steadyset cache prune --arrays --all --yes
"""
_NOTHING = "nothing stored yet; steadyset load mnist"


@click.group("cache", cls=Group, context_settings=CONTEXT, epilog=EPILOG, invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """See and tidy what is stored on this machine."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@command.command("dir", context_settings=CONTEXT)
@common
def directory(run: Run) -> Answer:
    """Print the path of the store, whether it is there yet or not."""
    from ..findings.report import Report

    home = run.settings().home
    return Answer(Report("cache dir", home, extra={"cache": {"dir": home}}), paths=[home])


@command.command("list", context_settings=CONTEXT)
@common
def listing(run: Run) -> Answer:
    """List what is stored: verified files, decoded arrays, unfinished downloads, quarantined files.

    With -v also the path of each.
    """
    from .stored import item_lines

    layout, items = _census(run)
    total = sum(item.size for item in items)
    body = item_lines(items, run.console.out, verbose=run.common.verbose) if items else [_NOTHING]
    return _answer("cache list", layout, items, _total(items, total), {"items": _records(items)}, body)


@command.command("size", context_settings=CONTEXT)
@common
def size(run: Run) -> Answer:
    """Print how many bytes are stored, in total and of each kind."""
    from ..store.census import totals
    from .stored import size_lines

    layout, items = _census(run)
    counted = totals(items)
    kinds = {kind: {"count": count, "bytes": size} for kind, (count, size) in counted.items()}
    total = sum(item.size for item in items)
    body = size_lines(counted, run.console.out) if items else [_NOTHING]
    return _answer("cache size", layout, items, _total(items, total), {"kinds": kinds}, body)


@command.command("prune", context_settings=CONTEXT, epilog=PRUNE_EPILOG)
@click.option("--arrays", is_flag=True, help="Decoded arrays too; they are made again from the stored files.")
@click.option("--all", "everything", is_flag=True, help="Unfinished and quarantined files whatever their age.")
@click.option("--dry-run", is_flag=True, help="Show what would go, and remove nothing.")
@click.option("--yes", is_flag=True, help="Remove without asking.")
@common
def prune(run: Run, arrays: bool, everything: bool, dry_run: bool, yes: bool) -> Answer:
    """Remove unfinished downloads older than 7 days, quarantined files older than 30, and leftovers.

    Verified files stay, and so does what a running process is downloading. Asks first.
    """
    from ..store.pruning import carry_out, plan
    from .stored import plan_lines

    layout, items = _census(run)
    decided = plan(layout, items, arrays=arrays, everything=everything)
    shown = plan_lines(decided, run.console.out, verbose=run.common.verbose)
    if not decided.remove:
        why = "nothing to remove" if items else _NOTHING
        return _pruned(layout, items, decided, None, why, shown)
    if dry_run:
        return _pruned(layout, items, decided, None, f"{_amount(decided.remove)} would be removed", shown)
    agreed = yes or _agreed(run, decided, shown)
    if not agreed:
        asked = run.console.may_ask and not run.common.as_json
        why = "nothing was removed" if asked else "nothing was removed: nobody to ask here; add --yes"
        return _pruned(layout, items, decided, None, why, () if asked else shown)
    done = carry_out(layout, decided)
    return _pruned(layout, items, decided, done, f"{_amount(done.removed)} removed", shown if yes else ())


def _agreed(run: Run, decided: Plan, shown: list[str]) -> bool:
    """Ask, where somebody can answer; the default is no."""
    if run.common.as_json or not run.console.may_ask:
        return False
    run.console.out.write(shown)
    try:
        return click.confirm(f"Remove {_amount(decided.remove)}?", default=False, err=True)
    except click.Abort as aborted:
        if isinstance(aborted.__context__, KeyboardInterrupt):
            raise
        return False


def _census(run: Run) -> tuple[Layout, list[Item]]:
    from ..store.census import census
    from ..store.layout import check

    layout = run.settings().own
    check(layout)
    return layout, census(layout)


def _answer(
    name: str, layout: Layout, items: list[Item], summary: str, more: dict[str, Any], body: list[str]
) -> Answer:
    from ..findings.report import Report

    cache = {"dir": layout.root, "bytes": sum(item.size for item in items), **more}
    return Answer(Report(name, summary, extra={"cache": cache}), body=body)


def _pruned(layout: Layout, items: list[Item], decided: Plan, done: Pruned | None, summary: str, shown: Any) -> Answer:
    from ..findings.report import Report
    from .stored import failed_findings

    removed = done.removed if done else ()
    kept = done.kept if done else decided.keep
    cache = {
        "dir": layout.root,
        "bytes": sum(item.size for item in items) - sum(item.size for item in removed),
        "freed": sum(item.size for item in removed),
        "removed": _records(removed),
        "removable": [] if done else _records(decided.remove),
        "kept": [{**_records([k.item])[0], "why": k.why} for k in kept],
    }
    findings = failed_findings(done.failed) if done else ()
    return Answer(Report("cache prune", summary, findings, extra={"cache": cache}), body=[*shown, summary])


def _total(items: list[Item], total: int) -> str:
    from .tables import size

    return f"{size(total)} in {len(items)} files" if items else _NOTHING


def _amount(items: Any) -> str:
    from .tables import size

    return f"{len(items)} file{'s' * (len(items) != 1)}, {size(sum(item.size for item in items))}"


def _records(items: Any) -> list[dict[str, Any]]:
    return [{**item._asdict(), "companions": list(item.companions)} for item in items]
