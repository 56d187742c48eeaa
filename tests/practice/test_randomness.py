"""The dice are splitmix64: its published outputs, and values that do not depend on who else is drawn."""

from __future__ import annotations

import numpy as np

from steadyset.practice.randomness import Dice, mix

# The first outputs for the seed 1234567: https://rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64
PUBLISHED = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821]
DICE = Dice(5, np.arange(20_000, dtype=np.uint64))


def test_mix_gives_the_published_outputs() -> None:
    states = [(1234567 + (i + 1) * 0x9E3779B97F4A7C15) % 2**64 for i in range(len(PUBLISHED))]
    assert mix(np.array(states, dtype=np.uint64)).tolist() == PUBLISHED


def test_values_depend_on_seed_image_and_column_alone() -> None:
    alone = Dice(5, np.array([17], dtype=np.uint64))
    assert alone.words(3)[0, 0] == DICE.words(0, 8)[3, 17]
    assert len(np.unique(DICE.words(0, 64))) == 64 * 20_000


def test_uniform_fills_its_interval() -> None:
    values = DICE.uniform(0, 4)
    assert values.dtype == np.float32
    assert values.min() >= 0
    assert values.max() < 1
    assert abs(values.mean() - 0.5) < 0.01


def test_bell_has_mean_0_and_deviation_1() -> None:
    values = DICE.bell(0, 4)
    assert values.dtype == np.float32
    assert abs(values.mean()) < 0.02
    assert abs(values.std() - 1) < 0.02
    assert np.abs(values).max() <= 3.47


def test_choose_gives_every_choice_its_share() -> None:
    counts = np.bincount(DICE.choose(0, 7), minlength=7)
    assert len(counts) == 7
    assert np.abs(counts / 20_000 - 1 / 7).max() < 0.015
