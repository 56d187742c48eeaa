"""The command line: one module per subcommand; they parse, call, render and exit.

Nothing of click or rich is imported outside this package, and of the subcommands only the one called.
"""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit: 0 fine, 1 findings or failure, 2 usage or our bug, 130 interrupted."""
    try:
        if sys.argv[1:] in (["--version"], ["-V"]):
            _print_version()
        from .app import app
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    app.main(prog_name="steadyset")
    raise AssertionError("unreachable: main exits")


def _print_version() -> NoReturn:
    """Answer the one question that needs no parser."""
    from .. import __version__

    try:
        print(f"steadyset {__version__}", flush=True)
    except OSError as error:
        from .failing import say_unwritable

        raise SystemExit(say_unwritable(error)) from None
    raise SystemExit(0)
