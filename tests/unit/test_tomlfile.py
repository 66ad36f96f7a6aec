"""Every key of a TOML text is found on its line, whatever the text looks like."""

from __future__ import annotations

import pickle
import tomllib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_veeam_iam import tomlfile
from pytest_veeam_iam.errors import VeeamIamError

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = (
    r'''# a comment = "[x]"
title = "first" # [not.a.table]

[owner]
name = 'a "quoted" # name'
"quoted.key" = 1
'literal key' = 2
"tab\tkey" = 3
a.b . "c d" = 4
born = 1979-05-27 07:32:00Z

[[group]] # the first
id = "one"
text = """
[[group]]
id = "not a key"
a \""" quote, and two more at the end"""""

    [[group.permission]]
    action = "a:B"
    resources = [
        "x", # one = 1
        # "no entry",
        [ 1,
          2 ], '''
    r"""'[y]',
    ]

    [[group.permission]]
    action = "c:D"

[[group]]
id = "two"
literal = '''
[owner]
'''
  [group.nested.deep]
  key = { inline = "}", other = [ { far = "]" }, { further = true } ] }

  [[ group . "permission" ]]
  action = ''

[implicit.inner]
key = 1
[implicit]
later = 2
"""
)

WHERE = [
    (("title",), 2),
    (("owner",), 4),
    (("owner", "name"), 5),
    (("owner", "quoted.key"), 6),
    (("owner", "literal key"), 7),
    (("owner", "tab\tkey"), 8),
    (("owner", "a"), 9),
    (("owner", "a", "b", "c d"), 9),
    (("owner", "born"), 10),
    (("group",), 12),
    (("group", 0), 12),
    (("group", 0, "id"), 13),
    (("group", 0, "text"), 14),
    (("group", 0, "permission"), 19),
    (("group", 0, "permission", 0, "action"), 20),
    (("group", 0, "permission", 0, "resources"), 21),
    (("group", 0, "permission", 0, "resources", 0), 22),
    (("group", 0, "permission", 0, "resources", 1), 24),
    (("group", 0, "permission", 0, "resources", 1, 1), 25),
    (("group", 0, "permission", 0, "resources", 2), 25),
    (("group", 0, "permission", 1), 28),
    (("group", 0, "permission", 1, "action"), 29),
    (("group", 1), 31),
    (("group", 1, "id"), 32),
    (("group", 1, "literal"), 33),
    (("group", 1, "nested"), 36),
    (("group", 1, "nested", "deep"), 36),
    (("group", 1, "nested", "deep", "key", "inline"), 37),
    (("group", 1, "nested", "deep", "key", "other", 1, "further"), 37),
    (("group", 1, "permission", 0), 39),
    (("group", 1, "permission", 0, "action"), 40),
    (("implicit", "inner"), 42),
    (("implicit",), 44),
    (("implicit", "later"), 45),
]

FALLBACKS = [
    (("owner", "missing"), 4),
    (("group", 0, "permission", 1, "why"), 28),
    (("group", 0, "permission", 9, "why"), 19),
    (("owner", "name", "not", "a", "table"), 5),
    (("missing",), 1),
    ((), 1),
]


def _dotted(keys: tuple[str | int, ...]) -> str:
    return ".".join(map(str, keys)).replace("\t", "TAB") or "top"


@pytest.mark.parametrize(("keys", "line"), WHERE, ids=[_dotted(keys) for keys, _ in WHERE])
def test_a_key_is_found_on_its_line(keys: tuple[str | int, ...], line: int) -> None:
    assert tomlfile.read(TEXT, "x.toml").line(*keys) == line


@pytest.mark.parametrize(("keys", "line"), FALLBACKS, ids=[_dotted(keys) for keys, _ in FALLBACKS])
def test_a_missing_key_is_looked_for_at_the_nearest_enclosing_table(keys: tuple[str | int, ...], line: int) -> None:
    assert tomlfile.read(TEXT, "x.toml").line(*keys) == line


def test_every_key_and_entry_of_the_values_has_a_line_of_its_own() -> None:
    file = tomlfile.read(TEXT, "x.toml")
    assert set(_paths(file.data)) == set(file._places)


def test_the_values_are_those_of_tomllib() -> None:
    assert tomlfile.read(TEXT, "x.toml").data == tomllib.loads(TEXT)


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    file = tomlfile.read("\ufeff" + TEXT.replace("\n", "\r\n"), "x.toml")
    assert file.data == tomllib.loads(TEXT)
    assert {keys: file.line(*keys) for keys, _ in WHERE} == dict(WHERE)


def test_an_empty_text_has_no_keys_and_one_line() -> None:
    file = tomlfile.read("", "x.toml")
    assert (file.data, file.line("any")) == ({}, 1)


ERRORS = [
    ("a value is missing", "a = 1\nb = \n", "x.toml:2:5: Invalid value"),
    ("a key is there twice", "a = 1\na = 2\nb = 3\n", "x.toml:2:6: Cannot overwrite a value"),
    ("the text ends too early", "a = [1,\n2\n", "x.toml:2:2: Unclosed array"),
    ("a double quote inside is fine", 'a = "say \\"hi\\" now" b\n', "x.toml:1:22: Expected newline"),
    ("a literal string is open", "a = 'C:\\Data\n", "x.toml:1:"),
]


@pytest.mark.parametrize(("text", "message"), [each[1:] for each in ERRORS], ids=[each[0] for each in ERRORS])
def test_a_text_that_is_not_toml_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(tomlfile.TomlError) as caught:
        tomlfile.read(text, "x.toml")
    assert str(caught.value).startswith(message)
    assert not caught.value.remedy
    assert isinstance(caught.value, VeeamIamError)


@pytest.mark.parametrize(
    "value",
    [
        r'"C:\Data"',
        r'"C:\Users\veeam"',
        r'"C:\xampp"',
        r'"C:\temp\"',
        r'["C:\temp\", "D:\backup\"]',
        r'"""C:\Data"""',
        r'"\ud800"',
    ],
)
def test_a_windows_path_in_double_quotes_is_refused_with_the_way_out(value: str) -> None:
    with pytest.raises(tomlfile.TomlError) as caught:
        tomlfile.read(f"first = 1\nfiles = {value}\n", "veeam-iam.toml")
    assert str(caught.value).startswith("veeam-iam.toml:2:")
    assert caught.value.remedy == tomlfile.BACKSLASH_REMEDY
    assert str(caught.value).endswith("write a Windows path with / or in single quotes")


def test_a_text_that_is_nested_without_end_is_refused() -> None:
    with pytest.raises(tomlfile.TomlError, match="nested too deeply"):
        tomlfile.read("a = " + "[" * 5000, "x.toml")


def test_an_error_survives_the_way_to_another_process() -> None:
    error = tomlfile.TomlError("x.toml", 2, 3, "why", "remedy")
    revived = pickle.loads(pickle.dumps(error))
    assert (str(revived), revived.line) == ("x.toml:2:3: why; remedy", 2)


# Values that look like something else, and how many lines each takes.
VALUES = st.sampled_from(
    [
        "1",
        '"[a]"',
        "'#'",
        '"""\n[[a]]\nb = 1\n"""',
        "'''\n[a]'''",
        "[\n  1,\n  # b = 1\n]",
        '{ "#" = "}" }',
        '"\\""',
        '""',
    ]
)
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=4)
TABLES = st.lists(st.tuples(st.booleans(), st.dictionaries(NAMES, VALUES, max_size=4)), max_size=4)


@given(TABLES)
def test_keys_are_found_behind_any_values(tables: list[tuple[bool, dict[str, str]]]) -> None:
    lines: list[str] = []
    expected: dict[tuple[str | int, ...], int] = {}
    for index, (nested, pairs) in enumerate(tables):
        lines.append("[[table]]")
        path: tuple[str | int, ...] = ("table", index)
        if nested:
            expected[path] = len(lines)
            lines.append("[table.'in ner']")
            path = (*path, "in ner")
        expected[path] = len(lines)
        for name, value in pairs.items():
            quoted = name.replace("\\", "\\\\").replace('"', '\\"')
            lines.append(f'"{quoted}" = ')
            expected[(*path, name)] = len(lines)
            lines[-1:] = (lines[-1] + value).split("\n")
    file = tomlfile.read("\n".join(lines), "x.toml")
    assert {keys: file.line(*keys) for keys in expected} == expected


def _paths(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        children: list[tuple[str | int, object]] = list(value.items())
    else:
        children = list(enumerate(value)) if isinstance(value, list) else []
    for key, child in children:
        yield (*path, key)
        yield from _paths(child, (*path, key))
