"""The pages of the reference say what the code says, and the hand-written ones name all that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_veeam_iam.reporters.text import WORDS
from tools import reference

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("name", reference.pages())
def test_a_page_that_is_made_is_up_to_date(name: str) -> None:
    written = (reference.FOLDER / name).read_text("utf-8")
    assert written == reference.pages()[name], "run: python -m tools.reference"


def test_every_decision_is_explained_with_its_word() -> None:
    text = (DOCS / "reference" / "verdicts.md").read_text("utf-8")
    rows = re.findall(r"^\| ([a-z ]+) \| `(\w+)` \|", text, re.MULTILINE)
    assert dict(rows) == {word: decision.value for decision, word in WORDS.items()}


def test_every_name_of_the_api_has_a_heading() -> None:
    import pytest_veeam_iam

    text = (DOCS / "reference" / "api.md").read_text("utf-8")
    assert set(re.findall(r"^### `(\w+)`", text, re.MULTILINE)) >= set(pytest_veeam_iam.__all__)
