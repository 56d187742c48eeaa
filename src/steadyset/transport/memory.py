"""A sink in memory, for when nothing can be written."""

from __future__ import annotations


class MemorySink:
    """Holds the bytes of one file in a ``bytearray``."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._notes: dict[str, str | int | None] = {}

    def write_at(self, offset: int, data: bytes | memoryview) -> None:
        """Write bytes at an offset, growing as needed."""
        if not data:
            return  # as a file does
        if offset > len(self.data):
            self.data.extend(bytes(offset - len(self.data)))
        self.data[offset : offset + len(data)] = data

    def read_at(self, offset: int, size: int) -> bytes:
        """Return up to ``size`` bytes from an offset."""
        return bytes(self.data[offset : offset + size])

    def size(self) -> int:
        """Return how many bytes are held."""
        return len(self.data)

    def resize(self, size: int) -> None:
        """Cut to a size in bytes."""
        del self.data[size:]

    def note(self, **facts: str | int | None) -> None:
        """Remember what the source said."""
        self._notes.update(facts)

    def noted(self) -> dict[str, str | int | None]:
        """Return what was remembered."""
        return dict(self._notes)
