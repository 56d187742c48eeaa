"""What a dataset is: data files, and the typed records behind them."""

from .records import ArraySpec, FileSpec, Licence, Manifest, Origin, Recipe, SplitSpec
from .registry import get, names, read

__all__ = [
    "ArraySpec",
    "FileSpec",
    "Licence",
    "Manifest",
    "Origin",
    "Recipe",
    "SplitSpec",
    "get",
    "names",
    "read",
]
