"""The command line: one module per subcommand; they parse, call, render and exit.

Nothing of click or rich is imported outside this package, and of the subcommands only the one called.
"""

from __future__ import annotations

import sys
from typing import NoReturn

_VERSION = (["--version"], ["-V"])


def main() -> NoReturn:
    """Run the command line and exit: 0 fine, 1 findings or failure, 2 usage or our bug, 130 interrupted."""
    if sys.argv[1:] in _VERSION:
        from .. import __version__

        print(f"steadyset {__version__}")
        raise SystemExit(0)
    try:
        from .app import app
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    app.main(prog_name="steadyset")
    raise AssertionError("unreachable: main exits")
