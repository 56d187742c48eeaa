"""The one place that strings the rooms together: load, fetch and verify a dataset."""

from .api import fetch, load, verify

__all__ = ["fetch", "load", "verify"]
