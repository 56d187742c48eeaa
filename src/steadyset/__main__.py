"""``python -m steadyset``: the same as the command ``steadyset``."""

from .cli import main

if __name__ == "__main__":
    main()
