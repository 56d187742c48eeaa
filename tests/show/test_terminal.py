from __future__ import annotations

import re

import numpy as np
import pytest

from steadyset.show.terminal import Depth, gallery, picture, resize, trim

SGR = re.compile(r"\x1b\[[0-9;]*m")


def grey(*rows: list[int]) -> np.ndarray:
    return np.array(rows, dtype=np.uint8)


@pytest.mark.parametrize(
    ("top", "low", "glyph"),
    [(0, 0, " "), (255, 255, "█"), (255, 0, "▀"), (0, 255, "▄"), (64, 64, "░"), (128, 128, "▒"), (191, 191, "▓")],
)
def test_each_block_stands_for_its_halves(top: int, low: int, glyph: str) -> None:
    assert picture(grey([top], [low])) == [glyph]


@pytest.mark.parametrize(("value", "glyph"), [(0, " "), (28, "."), (128, "+"), (255, "@")])
def test_ascii_stands_for_the_mean_of_both_halves(value: int, glyph: str) -> None:
    assert picture(grey([value], [value]), unicode=False) == [glyph]
    assert picture(grey([255], [0]), unicode=False) == ["+"]


def test_truecolour_has_the_upper_pixel_in_front_and_the_lower_behind() -> None:
    assert picture(grey([10], [200]), depth="truecolor") == ["\x1b[38;2;10;10;10;48;2;200;200;200m▀\x1b[0m"]


@pytest.mark.parametrize(("value", "number"), [(0, 16), (8, 232), (12, 232), (128, 244), (238, 255), (255, 231)])
def test_the_nearest_of_256_colours(value: int, number: int) -> None:
    assert picture(grey([value], [0]), depth="256") == [f"\x1b[38;5;{number};48;5;16m▀\x1b[0m"]


def test_a_colour_is_named_once_for_a_run_of_cells() -> None:
    (line,) = picture(grey([9] * 8, [9] * 8), depth="truecolor")
    assert len(SGR.findall(line)) == 2
    assert SGR.sub("", line) == "▀" * 8


@pytest.mark.parametrize("depth", ["none", "256", "truecolor"])
@pytest.mark.parametrize("unicode", [True, False])
def test_two_rows_of_pixels_per_line(depth: Depth, unicode: bool) -> None:
    lines = picture(np.zeros((7, 5), np.uint8), depth=depth, unicode=unicode)
    assert [len(SGR.sub("", line)) for line in lines] == [5] * 4
    if not unicode:
        assert all(line.isascii() and "\x1b" not in line for line in lines)


@pytest.mark.parametrize("columns", [4, 20, 40, 76, 80, 120, 160, 400])
def test_a_gallery_never_exceeds_the_columns(columns: int) -> None:
    images = np.random.default_rng(1).integers(0, 256, (10, 28, 28), dtype=np.uint8)
    lines = gallery(images, columns=columns, captions=[str(i) for i in range(10)])
    assert lines
    assert max(len(line) for line in lines) <= columns
    assert "".join(lines).count("9") == 1


def test_below_an_odd_last_row_is_nothing() -> None:
    assert picture(np.full((3, 1), 255, np.uint8)) == ["█", "▀"]


def test_ten_digits_stand_in_one_row_where_there_is_room() -> None:
    images = np.random.default_rng(1).integers(1, 256, (10, 28, 28), dtype=np.uint8)
    assert len(gallery(images, columns=150)) == 7
    assert len(gallery(images, columns=76)) == 14


@pytest.mark.parametrize("shape", [(0, 28, 28), (3, 0, 28), (3, 28, 0)])
def test_nothing_is_drawn_of_nothing(shape: tuple[int, ...]) -> None:
    assert gallery(np.zeros(shape, np.uint8), columns=80) == []


def test_a_margin_blank_in_all_is_left_out() -> None:
    images = np.zeros((2, 9, 9), np.uint8)
    images[0, 2, 3] = images[1, 5, 7] = 255
    assert trim(images).shape == (2, 4, 5)
    assert trim(np.full((2, 3, 3), 7, np.uint8)).shape == (2, 3, 3)


def test_resizing_takes_the_mean_of_the_area() -> None:
    pixels = grey([0, 100, 200, 200], [100, 200, 200, 200])
    assert resize(pixels, 1, 2).tolist() == [[100, 200]]
    assert np.array_equal(resize(pixels, 2, 4), pixels)
    assert resize(pixels, 4, 8).tolist() == np.repeat(np.repeat(pixels, 2, 0), 2, 1).tolist()


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (14, 14), (28, 9), (40, 40)])
def test_resizing_keeps_a_plain_picture_plain(size: tuple[int, int]) -> None:
    assert np.array_equal(resize(np.full((28, 28), 137, np.uint8), *size), np.full(size, 137, np.uint8))
