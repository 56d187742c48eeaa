from __future__ import annotations

from steadyset.cli.console import Console
from steadyset.cli.stored import failed_findings, item_lines, plan_lines, size_lines
from steadyset.store.census import Item, totals
from steadyset.store.pruning import Kept, Plan

OBJECT = Item("object", "/s/objects/ab/abcd", (), 11_000_000, 0.0, "abcd", "mnist.npz", "mnist")
PARTIAL = Item("unfinished", "/s/partials/x.part", ("/s/partials/x.json",), 500, 0.0, "ef" * 32)
OUT = Console("never").out


def test_items_stand_below_their_kind() -> None:
    lines = item_lines([OBJECT, PARTIAL], OUT)
    assert lines[0] == "verified files  11.0 MB"
    assert lines[1].startswith("  mnist.npz (mnist)  11.0 MB")
    assert lines[2] == "unfinished downloads  500 B"
    assert lines[3].startswith(f"  {'ef' * 8}")
    assert "    /s/objects/ab/abcd" in item_lines([OBJECT], OUT, verbose=1)


def test_sizes_end_in_the_total() -> None:
    assert size_lines(totals([OBJECT, PARTIAL]), OUT)[-1].split() == ["total", "11.0", "MB", "2"]


def test_a_plan_says_what_stays_and_why() -> None:
    lines = plan_lines(Plan((), (Kept(PARTIAL, "a running process holds its lock"),)), OUT)
    assert lines == [f"– stays: {'ef' * 8}, 500 B (a running process holds its lock)"]


def test_what_could_not_be_removed_is_a_finding() -> None:
    (found,) = failed_findings([Kept(OBJECT, "cannot be removed")])
    assert (found.code, found.level) == ("SS206", "error")
    assert ("path", "/s/objects/ab/abcd") in found.evidence
