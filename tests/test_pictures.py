"""The pictures of the documents show what the tool prints today."""

from __future__ import annotations

import pytest

from tools import pictures


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_a_picture_is_up_to_date(name: str) -> None:
    kept = (pictures.FOLDER / name).read_text("utf-8")
    assert kept.isascii()
    assert pictures.words(kept) == pictures.words(pictures.drawn(name)), "run: python -m tools.pictures"
