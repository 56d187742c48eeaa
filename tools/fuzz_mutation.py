"""Random changes to bytes, the same for the same seed: for the tests, and for fuzzing where atheris is absent."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

_NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 63) - 1, (1 << 64) - 1)
_LONGEST = 1 << 16


def mutate(data: bytes, rng: random.Random, *, tokens: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    """Return bytes that differ from ``data`` in one to four places.

    Args:
        data: the bytes to start from.
        rng: decides everything.
        tokens: words of the format, put in here and there.
        others: further seeds, whose parts are put in here and there.
    """
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        rng.choice(_CHANGES)(changed, rng, tokens, others)
    return bytes(changed[:_LONGEST])


def _place(data: bytearray, rng: random.Random) -> tuple[int, int]:
    """Return a run of bytes: mostly a short one."""
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + int(rng.expovariate(1 / 8)) + 1)


def _flip(data: bytearray, rng: random.Random, tokens: Sequence[bytes], others: Sequence[bytes]) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _number(data: bytearray, rng: random.Random, tokens: Sequence[bytes], others: Sequence[bytes]) -> None:
    size = rng.choice((1, 2, 4, 8))
    value = rng.choice(_NUMBERS) & ((1 << 8 * size) - 1)
    at = rng.randrange(len(data) + 1)
    data[at : at + size] = value.to_bytes(size, "little" if rng.random() < 0.5 else "big")


def _delete(data: bytearray, rng: random.Random, tokens: Sequence[bytes], others: Sequence[bytes]) -> None:
    start, end = _place(data, rng)
    del data[start:end]


def _cut(data: bytearray, rng: random.Random, tokens: Sequence[bytes], others: Sequence[bytes]) -> None:
    del data[rng.randrange(len(data) + 1) :]


def _repeat(data: bytearray, rng: random.Random, tokens: Sequence[bytes], others: Sequence[bytes]) -> None:
    start, end = _place(data, rng)
    data[start:start] = data[start:end] * rng.choice((1, 1, 2, 64))


def _digit(data: bytearray, rng: random.Random, tokens: Sequence[bytes], others: Sequence[bytes]) -> None:
    """Put another number in the place of one that is written out."""
    places = [i for i, byte in enumerate(data) if 48 <= byte < 58]
    if places:
        at = rng.choice(places)
        data[at : at + 1] = str(rng.choice((*_NUMBERS, -1, 10**30))).encode()


def _token(data: bytearray, rng: random.Random, tokens: Sequence[bytes], others: Sequence[bytes]) -> None:
    if tokens:
        start, end = _place(data, rng)
        data[start : rng.choice((start, end))] = rng.choice(tokens)


def _splice(data: bytearray, rng: random.Random, tokens: Sequence[bytes], others: Sequence[bytes]) -> None:
    if others:
        other = rng.choice(others)
        start = rng.randrange(len(other) + 1)
        data[rng.randrange(len(data) + 1) :] = other[start:]


Change = Callable[[bytearray, random.Random, Sequence[bytes], Sequence[bytes]], None]
_CHANGES: tuple[Change, ...] = (_flip, _flip, _number, _delete, _cut, _repeat, _digit, _token, _token, _splice)
