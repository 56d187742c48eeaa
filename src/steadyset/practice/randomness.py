"""A counter-based random source that gives the same bits on every platform and every numpy.

``np.random.Generator`` promises no stable streams for its distributions (NEP 19), so the drawn digits, whose digests
are pinned, hash a counter instead: the value for (seed, image, column) is splitmix64's output number
``image * 64 + column`` for that seed. Nothing here depends on the order or the batches in which values are asked for.

Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014; the constants are those of
Sebastiano Vigna's public-domain https://prng.di.unimi.it/splitmix64.c
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

COLUMNS = 64
"""How many independent values one image may draw."""

_GOLDEN = 0x9E3779B97F4A7C15
_WORD = (1 << 64) - 1


def mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble counters into uniform 64-bit words: the finaliser of splitmix64.

    Args:
        state: Counters, already multiplied by the golden gamma; any shape, uint64. Overwritten.

    Returns:
        The same array, scrambled in place.
    """
    state ^= state >> np.uint64(30)
    state *= np.uint64(0xBF58476D1CE4E5B9)
    state ^= state >> np.uint64(27)
    state *= np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    return state


class Dice:
    """Random values for a batch of images, addressed by column.

    Args:
        seed: Any integer; only its low 64 bits matter.
        images: Image numbers, shape (n,), uint64.
    """

    __slots__ = ("_base",)

    def __init__(self, seed: int, images: NDArray[np.uint64]) -> None:
        key = int(mix(np.array([seed & _WORD], dtype=np.uint64))[0])
        self._base = images * np.uint64(COLUMNS * _GOLDEN & _WORD)
        self._base += np.uint64(key)

    def words(self, first: int, count: int = 1) -> NDArray[np.uint64]:
        """Hash ``count`` columns starting at ``first``: shape (count, n), uint64."""
        steps = np.array([(first + i + 1) * _GOLDEN & _WORD for i in range(count)], dtype=np.uint64)
        return mix(self._base[None, :] + steps[:, None])

    def choose(self, column: int, among: int) -> NDArray[np.int64]:
        """Pick one of ``among`` (below 2**31) choices per image: shape (n,), int64 in [0, among)."""
        high = self.words(column)[0] >> np.uint64(32)
        chosen: NDArray[np.uint64] = (high * np.uint64(among)) >> np.uint64(32)
        return chosen.astype(np.int64)

    def uniform(self, first: int, count: int = 1) -> NDArray[np.float32]:
        """Draw multiples of 2**-24 in [0, 1): shape (count, n), float32. The scaling is exact."""
        return (self.words(first, count) >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-24)

    def bell(self, first: int, count: int = 1) -> NDArray[np.float32]:
        """Draw bell-shaped values, mean 0 and deviation 1, within ±3.47: shape (count, n), float32.

        The sum of four 16-bit uniforms stands in for the normal distribution, whose logarithm and cosine differ in
        the last bit between mathematical libraries.
        """
        words = self.words(first, count)
        total = words & np.uint64(0xFFFF)
        for shift in (16, 32, 48):
            total += (words >> np.uint64(shift)) & np.uint64(0xFFFF)
        centred = total.astype(np.int64) - np.int64(2 * 65535)
        return centred.astype(np.float32) * np.float32(3.0**0.5 * 2.0**-16)
