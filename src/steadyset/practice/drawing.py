"""Drawn digits: a dataset with exactly MNIST's layout, made here and now, without a download.

Every digit is a skeleton with handwriting put on it: two exemplars are blended, control points wobble, the whole is
bent, stretched, slanted and turned, then scaled into 20 x 20 pixels and centred by its centre of mass in 28 x 28, as
MNIST's digits were (http://yann.lecun.com/exdb/mnist/). The same numbers come out on every platform: only integer
operations and single IEEE 754 operations on float32 elements are used.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steadyset.practice.pen import SIDE, level_of, stamp
from steadyset.practice.randomness import Dice
from steadyset.practice.skeletons import SKELETONS, Skeleton
from steadyset.practice.strokes import Path, prepare, trace

SPLITS = {"train": (60_000, 1), "test": (10_000, 2)}
"""Number of images and seed of each split."""

import os
W=float(os.environ.get("W","3"));E=float(os.environ.get("E","0"))
_CHUNK = 512
"""Images drawn at a time: their canvases and the stamps fit a second-level cache of 1 MiB."""

# Columns of the dice.
_ORDER, _WHICH, _FIRST, _SECOND, _MIX, _SHAPE, _PEN, _WOBBLE = 0, 1, 2, 3, 4, 6, 16, 20


def draw(split: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    count, seed = SPLITS[split]
    return draw_some(count, seed=seed)


def draw_some(count: int, *, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    dice = Dice(seed, np.arange(count, dtype=np.uint64))
    order = np.argsort(dice.words(_ORDER)[0], kind="stable")
    y = (order % 10).astype(np.uint8)
    x = np.empty((count, SIDE, SIDE), dtype=np.uint8)
    percent = dice.choose(_WHICH, 100)
    for digit in range(10):
        low = 0
        for skeleton in (s for s in SKELETONS if s.digit == digit):
            chosen = (y == digit) & (percent >= low) & (percent < low + skeleton.share)
            low += skeleton.share
            members = np.flatnonzero(chosen).astype(np.uint64)
            path = prepare(skeleton)
            for start in range(0, len(members), _CHUNK):
                batch = members[start : start + _CHUNK]
                x[batch] = _write(path, skeleton, Dice(seed, batch))
    return x, y


def _write(path: Path, skeleton: Skeleton, dice: Dice) -> NDArray[np.uint8]:
    x, y = _controls(path, dice)
    x, y = _bend(x, y, dice, skeleton.digit)
    x, y = trace(path, x), trace(path, y)
    pen = dice.bell(_PEN)[0]
    radius = np.clip(np.float32(1.35) + np.float32(0.4) * pen, 0.55, 2.2)
    x, y = _fit(x, y, radius)
    level = level_of(radius)
    along = (np.arange(len(x), dtype=np.float32) * np.float32(2/(len(x) - 1)) - np.float32(1))[:, None]
    drift = dice.bell(_PEN+1)[0] * np.float32(0.12)
    level = level_of(radius * (np.float32(1) + drift * along))
    return stamp(x, y, level)


def _controls(path: Path, dice: Dice) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    exemplars, _, controls = path.exemplars.shape
    one = path.exemplars[dice.choose(_FIRST, exemplars)]
    two = path.exemplars[dice.choose(_SECOND, exemplars)]
    start, stop = dice.uniform(_MIX, 2)*np.float32(1+2*E)-np.float32(E)
    along = np.arange(controls, dtype=np.float32) / np.float32(controls - 1)
    share = start[:, None] + (stop - start)[:, None] * along
    blend = one + (two - one) * share[:, None, :]
    wobble = dice.bell(_WOBBLE, 2 * controls).reshape(2, controls, -1) * np.float32(W)
    x, y = blend.transpose(1, 2, 0) + wobble
    return x, y


def _bend(x, y, dice, digit):
    u = x * np.float32(0.02) - np.float32(0.6)
    v = y * np.float32(0.02) - np.float32(1)
    slant, aspect, taper, bow, balance, sag, turn, curl = dice.bell(_SHAPE, 8)
    f = np.float32
    v = v + f(0.10) * balance * (f(1) - v * v)
    u = u * (f(1) + f(0.18) * aspect) * (f(1) + f(0.12) * taper * v)
    u = u + f(0.07) * bow * v * v
    v = v + f(0.07) * sag * u * u + f(0.06) * curl * u
    u = u - (f(0.2) + f(0.22) * slant) * v
    t = f(0.04) * turn
    c, s = (f(1) - t * t) / (f(1) + t * t), f(2) * t / (f(1) + t * t)
    return c * u - s * v, s * u + c * v


def _fit(x, y, radius):
    f = np.float32
    width, height = x.max(axis=0) - x.min(axis=0), y.max(axis=0) - y.min(axis=0)
    scale = (f(19.5) - f(2) * radius) / np.maximum(np.maximum(width, height), f(0.1))
    x, y = x * scale, y * scale
    dx, dy = x[1:] - x[:-1], y[1:] - y[:-1]
    long = np.sqrt(dx * dx + dy * dy) * ((dx * dx + dy * dy) < f(6))
    mass = np.zeros_like(radius)
    mx = np.zeros_like(radius)
    my = np.zeros_like(radius)
    for l, a, b in zip(long, x, y):
        mass = mass + l
        mx = mx + l * a
        my = my + l * b
    return x - mx / mass + f(13.9), y - my / mass + f(13.9)
