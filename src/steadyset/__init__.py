"""Load MNIST and its kin without fail, and name the true cause when something does.

>>> import steadyset
>>> (x_train, y_train), (x_test, y_test) = steadyset.load("mnist")

Importing this package imports nothing heavy; each public name is fetched when it is first used.
"""

__version__ = "0.1.0"

__all__ = [
    "Provenance",
    "Split",
    "Splits",
    "__version__",
    "datasets",
    "errors",
    "fetch",
    "fetch_url",
    "heal",
    "load",
    "verify",
]

_HOMES = {
    "Provenance": "splits",
    "Split": "splits",
    "Splits": "splits",
    "fetch": "loading.api",
    "fetch_url": "loading.api",
    "heal": "loading.api",
    "load": "loading.api",
    "verify": "loading.api",
}
_MODULES = ("datasets", "errors")

TYPE_CHECKING = False  # typing's own would cost its import
if TYPE_CHECKING:
    from . import datasets, errors
    from .loading.api import fetch, fetch_url, heal, load, verify
    from .splits import Provenance, Split, Splits


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in _HOMES:
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
