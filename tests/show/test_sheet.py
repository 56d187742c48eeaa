from __future__ import annotations

import base64
import re
import struct
from html.parser import HTMLParser

import numpy as np
import pytest

from steadyset.show.sheet import montage, splits_html
from steadyset.splits import Provenance, Split, Splits


def make(x: np.ndarray, y: np.ndarray) -> Splits:
    splits = Splits(Split(x, y), Split(x[:2], y[:2]))
    splits.provenance = Provenance("<b>mnist", "store", "idx", "https://h/<x>", "XXH3-128 of every array")
    splits.label_names = ('"zero"', "<one>")
    return splits


PICTURES = make(np.arange(8 * 36, dtype=np.uint32).astype(np.uint8).reshape(8, 6, 6), np.array([0, 1] * 4, np.uint8))


class Tags(HTMLParser):
    """Collects the tags that are opened and closed, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.images: list[dict[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.images.append(dict(attrs))
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_sheet_is_whole_and_escaped() -> None:
    tags = Tags(splits_html(PICTURES))
    assert tags.open == []
    for part in ("<b>mnist", "8×6×6 uint8", "2, 4 to 4 of each", "https://h/<x>", "XXH3-128 of every array"):
        assert part in tags.text
    (image,) = tags.images
    assert '"zero", <one>' in str(image["alt"])


def test_the_sheet_asks_nobody_for_anything() -> None:
    html = splits_html(PICTURES)
    assert not re.search(r'(?i)<script|<link|url\(|src="(?!data:)|href=|\son\w+=', html)


def test_the_picture_is_a_png_of_four_samples_per_label() -> None:
    (image,) = Tags(splits_html(PICTURES)).images
    data = base64.b64decode(str(image["src"]).removeprefix("data:image/png;base64,"))
    assert struct.unpack(">II", data[16:24]) == (2 * 8 - 2, 4 * 8 - 2)


def test_a_small_split_has_one_sample_per_label() -> None:
    (image,) = Tags(splits_html(make(np.zeros((3, 6, 6), np.uint8), np.array([0, 1, 1], np.uint8)))).images
    data = base64.b64decode(str(image["src"]).removeprefix("data:image/png;base64,"))
    assert struct.unpack(">II", data[16:24]) == (14, 6)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.zeros((4, 13)), np.array([1.5, 2.5, 3.5, 4.5])),
        (np.zeros((4, 6, 6), np.uint8), np.array([0.5] * 4)),
        (np.zeros((0, 6, 6), np.uint8), np.zeros(0, np.uint8)),
    ],
    ids=["a table", "no labels", "empty"],
)
def test_what_cannot_be_shown_gets_the_table_alone(x: np.ndarray, y: np.ndarray) -> None:
    tags = Tags(splits_html(make(x, y)))
    assert tags.images == []
    assert str(x.dtype) in tags.text


def test_without_provenance() -> None:
    splits = make(np.zeros((4, 13)), np.zeros(4))
    splits.provenance = None
    assert "dataset" in splits_html(splits)


def test_a_notebook_shows_the_sheet() -> None:
    assert PICTURES._repr_html_() == splits_html(PICTURES)


def test_a_montage_has_a_column_per_label() -> None:
    images = np.zeros((2, 3, 4, 5), np.uint8)
    images[1, 2] = 9
    whole = montage(images)
    assert whole.shape == (3 * 6 - 2, 2 * 7 - 2)
    assert (whole[12:16, 7:12] == 9).all()
    assert (whole[4:6] == 128).all()


def test_color_pictures_and_floats_are_shown() -> None:
    x = np.random.default_rng(0).random((4, 6, 6, 3), dtype=np.float32)
    assert len(Tags(splits_html(make(x, np.array([0, 1, 0, 1])))).images) == 1
