"""Bytes to arrays. Nothing here can execute code, and nothing here believes a size it has not checked.

One format, one module: ``npz`` and ``npy`` (NumPy), ``idx`` (the format of MNIST). Below them ``zipped`` (the
zip container), ``gunzip`` and ``inflate``; ``unexpected`` says what a file is when it is not what was wanted.

All read any buffer, a memory map included, without copying the file, and let go of it before they return
or raise. All give arrays of their own: writable, C-contiguous, sharing nothing with the input.
"""

from __future__ import annotations

import mmap
from typing import TypeAlias

__all__ = ["MOST_BYTES", "Buffer"]

Buffer: TypeAlias = bytes | bytearray | memoryview | mmap.mmap
"""The bytes of a file: in memory or mapped."""

MOST_BYTES = 2 << 30
"""How many bytes one file may unpack to unless the caller allows more: 2 GiB, forty times MNIST."""
