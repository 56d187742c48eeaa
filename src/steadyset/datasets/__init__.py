"""Drop-in replacements for ``tf.keras.datasets``: the stock signatures and results, without the failures."""

__all__ = ["mnist"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import mnist


def __getattr__(name: str) -> object:
    if name in __all__:
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
