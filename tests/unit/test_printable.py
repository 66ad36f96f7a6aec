"""Text of strangers on a line: harmless, and the same if it was so already."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_veeam_iam import printable

TEXTS = st.text() | st.text(st.sampled_from("#:[vsoVSO \n\t\\e"), max_size=12)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("s3:GetObject missing", "s3:GetObject missing"),
        ("a::b", "a::b"),
        ("::error::pwned", ":\\:error::pwned"),
        ("   ::error::pwned", "   :\\:error::pwned"),
        ("x\n::error::pwned", "x\\n::error::pwned"),
        ("x ##vso[task.complete]", "x #\\#vso[task.complete]"),
        ("##VSO[task.complete]", "#\\#VSO[task.complete]"),
        ("##[error]x", "#\\#[error]x"),
        ("## heading", "## heading"),
        ("\x1b[31mred\u202e", "\\x1b[31mred\\u202e"),
        ("Grüße", "Grüße"),
    ],
)
def test_a_line_is_shown_and_does_nothing(text: str, shown: str) -> None:
    assert printable.line(text) == shown


@given(TEXTS)
def test_a_line_can_be_seen_and_holds_no_command(text: str) -> None:
    shown = printable.line(text)
    assert shown.isprintable()
    assert not shown.lstrip().startswith("::")
    assert "##[" not in shown
    assert "##vso[" not in shown.lower()
    assert printable.line(shown) == shown


@given(TEXTS)
def test_lines_stay_lines(text: str) -> None:
    assert printable.lines(text).count("\n") == text.count("\n")


def test_what_is_to_be_kept_is_kept() -> None:
    assert printable.line("a\tb\r", keep="\t") == "a\tb\\r"
