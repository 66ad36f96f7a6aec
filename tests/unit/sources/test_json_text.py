"""JSON text to nodes: what is accepted, where each value stands, and what is said about a text that is not JSON."""

from __future__ import annotations

import json
import time
from typing import TypeAlias

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Duplicate, Node, Number, TextSource
from pytest_veeam_iam.sources import json_text
from pytest_veeam_iam.sources.json_text import parse

Plain: TypeAlias = "str | bool | Number | list[Plain] | dict[str, Plain] | None"


def read(text: str) -> Node:
    return parse(TextSource("p.json", text))


def plain(node: Node) -> Plain:
    match node.value:
        case list() as items:
            return [plain(item) for item in items]
        case dict() as members:
            return {key: plain(member) for key, member in members.items()}
        case str() | bool() | Number() | None as value:
            return value
    raise AssertionError(node)


def nodes(node: Node) -> list[Node]:
    match node.value:
        case list() as items:
            return [node, *(each for item in items for each in nodes(item))]
        case dict() as members:
            return [node, *(each for member in members.values() for each in nodes(member))]
    return [node]


def refusal(text: str) -> str:
    with pytest.raises(PolicyLoadError) as caught:
        read(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"a"', "a"),
        ('""', ""),
        (" \t\r\n true \t\r\n ", True),
        ("false", False),
        ("null", None),
        ("[]", []),
        ("[ ]", []),
        ("{}", {}),
        ("{ }", {}),
        ("[[], {}, [ ], { }]", [[], {}, [], {}]),
        ('["a","b" , "c"]', ["a", "b", "c"]),
        ('["a", 1, "b"]', ["a", Number("1"), "b"]),
        ('{"a":"b" , "c" : {"d":[true]} }', {"a": "b", "c": {"d": [True]}}),
        (r'{"a\u0062": "\u0063"}', {"ab": "c"}),
        (r'"\" \\ \/ \b \f \n \r \t"', '" \\ / \b \f \n \r \t'),
        (r'"\ud83d\udE00 \u00e9"', "\U0001f600 \u00e9"),
        ('"\u00e9\U0001f600\u00a0\u007f"', "\u00e9\U0001f600\u00a0\u007f"),
        ('{"": 1, "\\u0000": 2}', {"": Number("1"), "\0": Number("2")}),
    ],
)
def test_a_json_text_becomes_its_values(text: str, value: Plain) -> None:
    assert plain(read(text)) == value


@pytest.mark.parametrize("number", ["0", "-0", "10", "-1.50", "1e2", "1E+02", "0.0e-0", "1" * 1000, "-" + "1" * 1000])
def test_a_number_keeps_the_way_it_is_written(number: str) -> None:
    assert read(number).value == Number(number)
    assert plain(read(f'{{"a": [{number}, {number}]}}')) == {"a": [Number(number), Number(number)]}


def test_every_value_and_key_knows_where_it_begins() -> None:
    source = TextSource("p.json", '{\r\n  "Action" : ["a",\r\n    "b", {}],\r\n  "c\\n": -1.5\r\n}')
    root = parse(source)
    assert isinstance(root.value, dict)
    actions = root.value["Action"]
    assert isinstance(actions.value, list)
    places = [str(node.location) for node in (root, actions, *actions.value, root.value["c\n"])]
    assert places == ["p.json:1:1", "p.json:2:14", "p.json:2:15", "p.json:3:5", "p.json:3:10", "p.json:4:10"]
    assert [str(root.key_location(key)) for key in root.value] == ["p.json:2:3", "p.json:4:3"]
    assert all(node.source is source for node in nodes(root))


def test_repeated_keys_are_kept_for_the_reader_to_judge() -> None:
    root = read('{"a": 1, "b": 2, "\\u0061": [], "a": 3, "c": {"d": "x", "d": "y"}}')
    assert plain(root) == {"a": Number("3"), "b": Number("2"), "c": {"d": "y"}}
    assert root.duplicates == (Duplicate("a", 1, 17), Duplicate("a", 1, 31))
    assert root.keys == {"a": 31, "b": 9, "c": 39}
    assert isinstance(root.value, dict)
    assert root.value["c"].duplicates == (Duplicate("d", 45, 55),)


COPIED = "the text was copied from a web page or Markdown"
VENDOR = "(the example on the vendor's page holds them)"
BAD_NUMBER = "JSON has no leading zero or plus sign, needs a digit on both sides of a point, and counts in tens"
ESCAPES = r"they are \" \\ \/ \b \f \n \r \t and \uXXXX; a backslash itself is \\"

REFUSALS = {
    "an empty text": ("", "1:1: the text is empty, expected a JSON document"),
    "white space only": (" \r\n\t", "1:1: the text holds only white space, expected a JSON document"),
    "a second document": ("{}\n{}", '2:1: found "{", expected nothing after the end of the document'),
    "a word after the document": ("{} x", "1:4: found x, expected nothing after the end of the document"),
    "a bracket too many": ("[1]]", '1:4: found "]", expected nothing after the end of the document'),
    "a comma at the end of a list": (
        '["a",\n "b" ,\n]',
        '2:6: found a comma before "]", expected a value after the comma; delete the comma',
    ),
    "a comma at the end of an object": (
        '{"a": "b", }',
        '1:10: found a comma before "}", expected a key after the comma; delete the comma',
    ),
    "a comma after the document": ("[],", '1:3: found ",", expected nothing after the end of the document'),
    "a comma alone": ("[,]", '1:2: found ",", expected a value or "]"'),
    "two commas": ("[1,,2]", '1:4: found ",", expected a value'),
    "a line comment": (
        '{\n  // why\n  "a": 1}',
        '2:3: found "//", which begins a comment, expected a key in double quotes or "}"; '
        "JSON has no comments: delete it",
    ),
    "a block comment": (
        '{"a": /* why */ 1}',
        '1:7: found "/*", which begins a comment, expected a value after the colon; JSON has no comments: delete it',
    ),
    "a hash comment": (
        "[1 # one\n]",
        '1:4: found "#", which begins a comment, expected "," or "]"; JSON has no comments: delete it',
    ),
    "a comment after the document": (
        "[]\n# end",
        '2:1: found "#", which begins a comment, expected nothing after the end of the document; '
        "JSON has no comments: delete it",
    ),
    "a key in single quotes": (
        "{'a': 1}",
        '1:2: found a single quote, expected a key in double quotes or "}"; JSON quotes with " only',
    ),
    "a value in single quotes": (
        "{\"a\": 'b'}",
        '1:7: found a single quote, expected a value after the colon; JSON quotes with " only',
    ),
    "a key without quotes": (
        "{Version: 1}",
        '1:2: the key Version has no quotes, expected a key in double quotes or "}"; write "Version"',
    ),
    "a number as key": ("{1: 2}", '1:2: found 1, expected a key in double quotes or "}"'),
    "a list as key": ('{"a": 1, [2]: 3}', '1:10: found "[", expected a key in double quotes'),
    "null as key": (
        "{null: 1}",
        '1:2: the key null has no quotes, expected a key in double quotes or "}"; write "null"',
    ),
    "NaN": ("[NaN]", '1:2: NaN is not a number in JSON, expected a value or "]"; write a number of digits'),
    "negative infinity": (
        '{"a": -Infinity}',
        "1:7: -Infinity is not a number in JSON, expected a value after the colon; write a number of digits",
    ),
    "a leading zero": (
        "[012]",
        f'1:2: 012 is not how JSON writes a number, expected a value or "]"; {BAD_NUMBER}',
    ),
    "a leading plus": ("+1", f"1:1: +1 is not how JSON writes a number, expected a JSON value; {BAD_NUMBER}"),
    "a leading point": ("[1, .5]", f"1:5: .5 is not how JSON writes a number, expected a value; {BAD_NUMBER}"),
    "an ending point": ("1.", f"1:1: 1. is not how JSON writes a number, expected a JSON value; {BAD_NUMBER}"),
    "a minus alone": ("-", f"1:1: - is not how JSON writes a number, expected a JSON value; {BAD_NUMBER}"),
    "a hexadecimal number": (
        "0x1F",
        f"1:1: 0x1F is not how JSON writes a number, expected a JSON value; {BAD_NUMBER}",
    ),
    "digits of another script": (
        "\u0661",
        f"1:1: \u0661 is not how JSON writes a number, expected a JSON value; {BAD_NUMBER}",
    ),
    "Python's True": ("[True]", '1:2: found True, expected a value or "]"; write true'),
    "Python's None": ('{"a": None}', "1:7: found None, expected a value after the colon; write null"),
    "a longer word": ("nullx", "1:1: found nullx, expected a JSON value"),
    "another language": ('resource "aws_iam_policy" "a" {}', "1:1: found resource, expected a JSON value"),
    "a missing colon": ('{"a" "b"}', '1:6: found a string, expected ":" after the key'),
    "no colon at all": ('{"a"}', '1:5: found "}", expected ":" after the key'),
    "a missing comma in a list": (
        '["a"\n"b"]',
        '2:1: found a string, expected "," or "]"; a comma is missing before it',
    ),
    "a missing comma in an object": (
        '{"a": {}\n"b": 1}',
        '2:1: found a string, expected "," or "}"; a comma is missing before it',
    ),
    "a missing comma before a word": ("[1 2]", '1:4: found 2, expected "," or "]"; a comma is missing before it'),
    "an equals sign": ('{"a" = 1}', '1:6: found "=", expected ":" after the key'),
    "a list that is not closed": (
        "\n[1, [2]",
        '2:8: the text ends, expected "," or "]"; close the list that opens at 2:1',
    ),
    "a list that ends after a comma": ("[1,", "1:4: the text ends, expected a value"),
    "an object that is not closed": (
        '{"a": "b"',
        '1:10: the text ends, expected "," or "}"; close the object that opens at 1:1',
    ),
    "an object that ends after its brace": (
        ' {"a": {\n',
        '2:1: the text ends, expected a key in double quotes or "}"; close the object that opens at 1:8',
    ),
    "an object that ends after a key": ('{"a"', '1:5: the text ends, expected ":" after the key'),
    "an object that ends after a colon": ('{"a":', "1:6: the text ends, expected a value after the colon"),
    "an object closed as a list": (
        '{"a": [{"b": 1]}',
        '1:15: found "]", expected "," or "}"; close the object that opens at 1:8',
    ),
    "a string that is not closed": (
        '{"a": "b}',
        "1:7: the text ends inside this string, expected a closing double quote",
    ),
    "a string that ends in a backslash": (
        '["a\\',
        "1:4: the text ends after this backslash, expected the rest of the string",
    ),
    "a string over two lines": (
        '["a\nb"]',
        "1:4: the line ends inside a string, expected a closing double quote; "
        "close the string that opens at 1:2, or write \\n for a line break",
    ),
    "a tab in a string": ('["a\tb"]', "1:4: found U+0009 (tab) inside a string, expected an escape; write \\t"),
    "NUL in a string": ('["\0"]', "1:3: found U+0000 (NUL) inside a string, expected an escape; write \\u0000"),
    "a control character in a key": (
        '{"\x1b": 1}',
        "1:3: found U+001B (control character) inside a string, expected an escape; write \\u001b",
    ),
    "NUL outside of a string": ("\0{}", "1:1: found U+0000 (NUL), expected a JSON value"),
    "a form feed": ("[\f]", '1:2: found U+000C (form feed), expected a value or "]"'),
    "an emoji": ("[\U0001f600]", '1:2: found U+1F600 (grinning face), expected a value or "]"'),
    "an unknown escape": (
        r'"C:\Windows"',
        rf'1:4: found "\W", expected one of JSON\'s escapes; {ESCAPES}'.replace("\\'", "'"),
    ),
    "an escaped line end": (
        '"a\\\nb"',
        f'1:3: found "\\" U+000A (control character), expected one of JSON\'s escapes; {ESCAPES}',
    ),
    "too few hexadecimal digits": (r'"\u12"', '1:2: found "\\u12"", expected \\u and four hexadecimal digits'),
    "a sign among hexadecimal digits": (r'"\u+123"', '1:2: found "\\u+123", expected \\u and four hexadecimal digits'),
    "an escaped high surrogate alone": (
        r'["\ud800"]',
        "1:3: \\ud800 is one half of a surrogate pair, expected both halves; "
        "write the escapes of both halves, or the character itself",
    ),
    "an escaped high surrogate before another": (
        r'"\ud800\ud800"',
        "1:2: \\ud800 is one half of a surrogate pair, expected both halves; "
        "write the escapes of both halves, or the character itself",
    ),
    "an escaped low surrogate alone": (
        r'{"a\udc00": 1}',
        "1:4: \\udc00 is one half of a surrogate pair, expected both halves; "
        "write the escapes of both halves, or the character itself",
    ),
    "a surrogate": (
        '["\ud800"]',
        "1:3: U+D800 is one half of a surrogate pair, expected both halves; "
        "write the escapes of both halves, or the character itself",
    ),
    "a huge number": ("[" + "1" * 1001 + "]", "1:2: found a number of 1,001 digits, expected at most 1,000"),
    "a huge exponent": ("1e" + "1" * 1000, "1:1: found a number of 1,001 digits, expected at most 1,000"),
    "a deep list": ("[" * 101 + "]" * 101, "1:101: found more than 100 levels of nesting, expected at most that many"),
    "a deep object": (
        '{"a":' * 101 + "1" + "}" * 101,
        "1:501: found more than 100 levels of nesting, expected at most that many",
    ),
    "no-break space": (
        '{\n\u00a0 "a": 1}',
        f"2:1: U+00A0 (no-break space) is not white space in JSON; "
        f"{COPIED}: replace every U+00A0 by an ordinary space {VENDOR}",
    ),
    "no-break space after a colon": (
        '{"a":\u00a0"b"}',
        f"1:6: U+00A0 (no-break space) is not white space in JSON; "
        f"{COPIED}: replace every U+00A0 by an ordinary space {VENDOR}",
    ),
    "no-break space after a value": (
        '["a"\u00a0]',
        f"1:5: U+00A0 (no-break space) is not white space in JSON; "
        f"{COPIED}: replace every U+00A0 by an ordinary space {VENDOR}",
    ),
    "no-break space after the document": (
        "{}\u00a0",
        f"1:3: U+00A0 (no-break space) is not white space in JSON; "
        f"{COPIED}: replace every U+00A0 by an ordinary space {VENDOR}",
    ),
    "em space": (
        '{"a"\u2003: 1}',
        f"1:5: U+2003 (em space) is not white space in JSON; "
        f"{COPIED}: replace every U+2003 by an ordinary space {VENDOR}",
    ),
    "zero width space": (
        "[1,\u200b2]",
        f"1:4: U+200B (zero width space) is not white space in JSON; {COPIED}: delete every U+200B",
    ),
    "byte order mark": (
        "\ufeff{}",
        f"1:1: U+FEFF (zero width no-break space) is not white space in JSON; {COPIED}: delete every U+FEFF",
    ),
    "line separator": (
        "[1\u2028]",
        f"1:3: U+2028 (line separator) is not white space in JSON; {COPIED}: replace every U+2028 by a line break",
    ),
    "Markdown's star in a string": (
        '{"Resource":\n "arn:aws:s3:::\\*"}',
        f'2:16: "\\*" is Markdown\'s escape, not JSON\'s; {COPIED}: write "*" {VENDOR}',
    ),
    "Markdown's star in a key": (
        '{"a\\*": 1}',
        f'1:4: "\\*" is Markdown\'s escape, not JSON\'s; {COPIED}: write "*" {VENDOR}',
    ),
    "Markdown's bracket": ("\\[1]", f'1:1: "\\[" is Markdown\'s escape, not JSON\'s; {COPIED}: write "["'),
    "a fence of Markdown": (
        "```json\n{}\n```",
        f'1:1: found "`", which JSON does not have; {COPIED}: keep only what stands between its fences of backquotes',
    ),
    "curly quotes around a key": (
        "{\u201ca\u201d: 1}",
        f"1:2: U+201C (left double quotation mark) does not quote in JSON, expected a straight double quote; "
        f'{COPIED}: write " in place of every curly quote',
    ),
    "single curly quotes": (
        "[\u2018a\u2019]",
        f"1:2: U+2018 (left single quotation mark) does not quote in JSON, expected a straight double quote; "
        f'{COPIED}: write " in place of every curly quote',
    ),
    "escaped quotes outside of a string": (
        r"{\"a\": 1}",
        "1:2: found a backslash outside of a string, expected none there; "
        "delete the backslashes that quote one text in another",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSALS.values(), ids=REFUSALS)
def test_what_is_not_json_is_refused_with_its_place_and_what_was_expected(text: str, message: str) -> None:
    assert refusal(text) == f"p.json:{message}"


def test_refusals_are_plain_sentences() -> None:
    for text, _ in REFUSALS.values():
        with pytest.raises(PolicyLoadError) as caught:
            read(text)
        assert "expected" in caught.value.why or "JSON" in caught.value.why
        assert "invalid" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_the_deepest_document_within_the_bound_is_read() -> None:
    assert len(nodes(read("[" * 100 + "]" * 100))) == 100
    assert len(nodes(read('{"a":' * 100 + "1" + "}" * 100))) == 101


@pytest.mark.parametrize(
    "text",
    ["[1, 2, 3, 4]", '[[ ], {}, [\n], ""]', '{"a": [1, {"b,[{": "[,,,["}]}', '["\\",,,,,,,", ",,,,\\\\", [[]]]'],
)
def test_values_are_counted_exactly(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    count = len(nodes(read(text)))
    monkeypatch.setattr(json_text, "MAX_NODES", count)
    assert len(nodes(read(text))) == count
    monkeypatch.setattr(json_text, "MAX_NODES", count - 1)
    assert refusal(text).endswith(f": found more than {count - 1} values, expected at most that many")


def test_a_text_of_too_many_values_is_refused_where_the_bound_is_passed() -> None:
    text = "[" + "1," * 2_500_000 + "1]"
    assert refusal(text) == "p.json:1:3999999: found more than 2,000,000 values, expected at most that many"


MEGABYTE = 1_000_000
HOSTILE = {
    "brackets": "[" * MEGABYTE,
    "quotes": '"' * MEGABYTE,
    "digits": "1" * MEGABYTE,
    "zeros": "0" * MEGABYTE,
    "signs": "-" * MEGABYTE,
    "backslashes": "\\" * MEGABYTE,
    "backslashes in a string": '["' + "\\" * MEGABYTE,
    "escaped quotes in a string": '["' + '\\"' * (MEGABYTE // 2),
    "keys": '{"a":' * (MEGABYTE // 5),
    "repeated keys": "{" + '"a":1,' * (MEGABYTE // 6),
    "white space after a comma": "[1," + " " * MEGABYTE + "]",
    "white space after a string": '{"a":"b"' + " " * MEGABYTE,
    "a long string": '{"' + "a" * MEGABYTE,
    "a long word": "a" * MEGABYTE,
    "points": "[" + "1." * (MEGABYTE // 2),
    "commas": "[" + "1," * (MEGABYTE // 2),
    "lines": "\n" * MEGABYTE + "x",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_linear_time(text: str) -> None:
    began = time.process_time()
    refusal(text)
    assert time.process_time() - began < 60  # it takes a second; a quadratic scan takes many minutes


def test_a_string_that_never_ends_does_not_slow_the_count_of_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "MAX_NODES", 3)
    began = time.process_time()
    assert "the text ends inside this string" in refusal('["' + '\\"' * (MEGABYTE // 2) + "[,[,")
    assert time.process_time() - began < 60


LETTERS = st.characters(exclude_categories=["Cs"])
STRINGS = st.text(LETTERS, max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | STRINGS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(STRINGS, inner, max_size=4),
    max_leaves=12,
)
TEXTS = st.builds(
    lambda value, indent, ascii_only, tight: json.dumps(
        value, indent=indent, ensure_ascii=ascii_only, separators=(",", ":") if tight else (" , ", " : ")
    ),
    VALUES,
    st.sampled_from([None, 0, 2, "\t"]),
    st.booleans(),
    st.booleans(),
)
CHARACTERS = "{}[]:,\"\\-+.eE0123456789 \t\n\r/*#'\0\x1f\x7f\u00a0\ufeff\u2028\ud800\udc00aunltrf"
WORDS = ["true", "false", "null", "NaN", "Infinity", "\\u0041", "\\ud83d", "\\ude00", "\\n", '"a"', '"a":1', "1e5"]
PIECES = st.sampled_from([*CHARACTERS, *WORDS])


@st.composite
def damaged(draw: st.DrawFn) -> str:
    text = draw(TEXTS)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 2)))
        text = text[:start] + draw(PIECES | st.just("")) + text[end:]
    return text


class StrangeError(Exception):
    """The standard library reads it, RFC 8259 or this project does not."""


def read_by_the_standard_library(text: str) -> Plain:
    def unique(pairs: list[tuple[str, Plain]]) -> dict[str, Plain]:
        if len(dict(pairs)) < len(pairs):
            raise StrangeError
        return dict(pairs)

    def refuse(constant: str) -> None:
        raise StrangeError(constant)

    value: Plain = json.loads(
        text, parse_int=Number, parse_float=Number, parse_constant=refuse, object_pairs_hook=unique
    )
    if any("\ud800" <= character <= "\udfff" for character in text + everything_said(value)):
        raise StrangeError
    return value


def everything_said(value: Plain) -> str:
    match value:
        case str():
            return value
        case list():
            return "".join(map(everything_said, value))
        case dict():
            return "".join(key + everything_said(member) for key, member in value.items())
    return ""


@given(TEXTS)
def test_whatever_the_standard_library_writes_is_read_as_it_reads_it(text: str) -> None:
    assert plain(read(text)) == read_by_the_standard_library(text)


@settings(max_examples=1000)
@given(damaged() | st.lists(PIECES, max_size=8).map("".join))
@example("\ufeff[]")
@example("[1]\x00")
@example('"\\u00e9\x7f"')
def test_it_accepts_and_refuses_what_the_standard_library_does(text: str) -> None:
    try:
        expected = read_by_the_standard_library(text)
    except (ValueError, StrangeError):
        assert is_refused_inside(text) or any(node.duplicates for node in every_node(read(text)))
    else:
        assert plain(read(text)) == expected


def is_refused_inside(text: str) -> bool:
    """Return whether it is refused, with a place that the text has."""
    try:
        read(text)
    except PolicyLoadError as error:
        end = TextSource("", text).locate(len(text))
        return (error.column or 0) > 0 and 0 < (error.line or 0) <= (end.line or 0)
    return False


def every_node(node: Node) -> list[Node]:
    """Return the nodes and, since an object keeps only the last of a repeated key, stop at objects that repeat one."""
    return [node] if node.duplicates else [node, *(n for child in children(node) for n in every_node(child))]


def children(node: Node) -> list[Node]:
    match node.value:
        case list() as items:
            return items
        case dict() as members:
            return [*members.values()]
    return []


@given(TEXTS)
def test_each_offset_points_at_its_value_and_each_key_offset_at_its_key(text: str) -> None:
    decoder = json.JSONDecoder(parse_int=Number, parse_float=Number)
    for node in nodes(read(text)):
        value, _ = decoder.raw_decode(text, node.offset)
        assert value == plain(node)
        for key, offset in node.keys.items():
            assert decoder.raw_decode(text, offset)[0] == key


@given(TEXTS, PIECES)
def test_text_after_a_document_is_never_ignored(text: str, more: str) -> None:
    if more.strip(" \t\n\r") and not (text[-1:].isdigit() and (more.isdigit() or more[0] in "1.eE+-")):
        with pytest.raises(PolicyLoadError):
            read(text + more)
