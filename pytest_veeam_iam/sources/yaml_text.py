"""YAML text to positioned nodes: it decides what is YAML here, and must not know policies or files.

PyYAML says which events the text consists of; the tree is built here, without recursion and without types that nobody
asked for: a plain scalar is a text (``2012-10-17`` no date, ``22:22`` no number), only true, false and null are what
they say. CloudFormation's short tags become the long form that JSON templates have: ``!Ref x`` is ``{"Ref": "x"}``.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
https://yaml.org/spec/1.1/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Duplicate, Node, TextSource
from pytest_veeam_iam.sources import yaml_scalars
from pytest_veeam_iam.sources.json_text import MAX_DEPTH, MAX_NODES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FUNCTIONS = frozenset({
    "And", "Base64", "Cidr", "Contains", "EachMemberEquals", "EachMemberIn", "Equals", "FindInMap", "ForEach",
    "GetAZs", "GetAtt", "GetStackOutput", "If", "Implies", "ImportValue", "Join", "Length", "Not", "Or", "RefAll",
    "Select", "Split", "Sub", "ToJsonString", "Transform", "ValueOf", "ValueOfAll",
})  # fmt: skip
"""What follows ``Fn::`` in a template; as a tag ``!`` stands before it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

_BARE = frozenset({"Ref", "Condition"})
"""Functions that are written without ``Fn::``."""

_STANDARD = "tag:yaml.org,2002:"
_WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip

_skip_properties = re.compile(r"(?:[!&][^ \t\r\n]*+|[ \t\r\n]++|#[^\r\n]*+)*+").match
_tag_directive = re.compile(r"^%TAG\b", re.MULTILINE).search
_unprintable = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]").search
_alias_word = re.compile(r"\*[^\s,\]}]{0,40}").match


class YamlText(TextSource):
    """A YAML text, which knows where each character of a scalar stands."""

    def character_offsets(self, offset: int, value: str) -> Sequence[int] | int:
        """Return the offset of each character of a scalar; or that of the first if the others follow it.

        Args:
            offset: The scalar's own.
            value: What it means.
        """
        return yaml_scalars.character_offsets(self.text, offset, value)


def parse_all(source: TextSource) -> list[Node]:
    """Read every document of a YAML text.

    Args:
        source: The text and what messages call it.

    Returns:
        The outermost value of each document, at least one. Offsets are in characters; repeated keys are in
        ``Node.duplicates``, not refused. A value with an anchor is the same node wherever an alias names it.

    Raises:
        PolicyLoadError: The text is not YAML, has tags that are not CloudFormation's, or is larger or deeper than the
            bounds of JSON texts; the first reason found, with its line and column.
    """
    text = YamlText(source.path, source.text)
    if found := _tag_directive(text.text):  # libyaml compares each with all others
        raise _refusal(text, found.start(), "found a %TAG directive, expected a document", "write the tags themselves")
    trees = _Builder(text).trees()
    if not trees:
        why = "the text holds only white space and comments" if text.text else "the text is empty"
        raise _refusal(text, 0, f"{why}, expected a YAML document")
    return trees


class _Frame:
    """A list or mapping that is not closed yet."""

    __slots__ = ("anchor", "before", "depth", "key", "merged", "merging", "node", "offset", "repeated", "tag")

    def __init__(self, node: Node, event: Any, depth: int, before: int) -> None:
        self.node, self.depth, self.before = node, depth, before
        self.offset, self.tag, self.anchor = event.start_mark.index, event.tag, event.anchor
        self.key: str | None = None
        self.merging = False
        self.repeated: list[tuple[str, int, int]] = []
        self.merged: list[Node] = []


_MERGE = "<<"


class _Builder:
    """Makes trees of events; every bound is checked while the events come, before anything recursive sees the tree."""

    def __init__(self, source: YamlText) -> None:
        self.source = source
        self.stack: list[_Frame] = []
        self.roots: list[Node] = []
        self.anchors: dict[str, tuple[Node, int] | None] = {}
        self.count = 0

    def trees(self) -> list[Node]:
        """Return the value of each document."""
        # By name: libyaml's module keeps the classes that it was loaded with, even if yaml is loaded again since.
        handlers: dict[str, Callable[[Any], None]] = {
            "ScalarEvent": self._scalar,
            "MappingStartEvent": self._mapping,
            "SequenceStartEvent": self._list,
            "MappingEndEvent": self._close,
            "SequenceEndEvent": self._close,
            "AliasEvent": self._alias,
            "DocumentStartEvent": self._document,
        }
        try:
            next_event = _parser()(self.source.text).get_event
            while (event := next_event()) is not None and (kind := type(event).__name__) != "StreamEndEvent":
                if handler := handlers.get(kind):
                    handler(event)
        except UnicodeEncodeError as error:
            raise _not_yaml(self.source, error) from error
        except Exception as error:
            if any(base.__name__ == "YAMLError" for base in type(error).__mro__):
                raise _not_yaml(self.source, error) from error
            raise
        return self.roots

    def _document(self, event: Any) -> None:  # noqa: ARG002 - a handler's signature
        self.anchors.clear()  # an alias sees only its own document

    def _scalar(self, event: Any) -> None:
        offset, text, tag = event.start_mark.index, event.value, event.tag
        plain = event.implicit[0]
        if event.anchor is None and tag is None:
            self._add(Node(_WORDS.get(text, text) if plain else text, self.source, offset, {}, ()), plain=plain)
            return
        self._refuse_tag(tag, offset)
        content = min(self._content(offset), event.end_mark.index)
        before = self.count
        word = tag in (f"{_STANDARD}bool", f"{_STANDARD}null") or (plain and tag is None)
        node = Node(_WORDS.get(text, text) if word else text, self.source, content)
        self._add(self._tagged(node, tag, offset), plain=plain, anchor=event.anchor, before=before)

    def _mapping(self, event: Any) -> None:
        self._open({}, event)

    def _list(self, event: Any) -> None:
        self._open([], event)

    def _open(self, value: dict[str, Node] | list[Node], event: Any) -> None:
        offset, tag, anchor = event.start_mark.index, event.tag, event.anchor
        depth = self.stack[-1].depth + 1 if self.stack else 1
        depth += _function(tag) is not None
        if depth > MAX_DEPTH:
            raise self._too_deep(offset)
        if anchor is not None:
            self.anchors[anchor] = None  # until it is closed, an alias to it would be a part of itself
        self._refuse_tag(tag, offset)
        start = offset if tag is None and anchor is None else self._content(offset)
        self.stack.append(_Frame(Node(value, self.source, start, {}, ()), event, depth, self.count))

    def _close(self, event: Any) -> None:  # noqa: ARG002 - a handler's signature
        frame = self.stack.pop()
        node = frame.node
        if frame.merged:
            _merge(node, frame.merged)
        if frame.repeated:
            node.duplicates = _duplicates(frame.repeated)
        if frame.tag is not None:
            node = self._tagged(node, frame.tag, frame.offset)
        self._add(node, anchor=frame.anchor, before=frame.before)

    def _alias(self, event: Any) -> None:
        offset, name = event.start_mark.index, event.anchor
        if name not in self.anchors:
            remedy = f'an unquoted * refers to an anchor; quote it if text is meant: "*{name[:40]}"'
            raise _refusal(self.source, offset, f"found *{name[:40]}, but no anchor of that name before it", remedy)
        known = self.anchors[name]
        if known is None:
            raise _refusal(
                self.source, offset, f"*{name[:40]} is a part of what it refers to, expected an end", "copy it"
            )
        node, size = known
        if (self.stack[-1].depth if self.stack else 0) + _height(node) > MAX_DEPTH:
            raise self._too_deep(offset)
        self.count += size
        self._add(node, at=offset)

    def _add(
        self, node: Node, *, plain: bool = False, anchor: str | None = None, before: int = 0, at: int | None = None
    ) -> None:
        """Put a value where it belongs: behind its key, into its list, or, in the place of a key, into its mapping."""
        self.count += 1
        if self.count > MAX_NODES:
            why = f"found more than {MAX_NODES:,} values, expected at most that many"
            raise _refusal(self.source, node.offset if at is None else at, why)
        if anchor is not None:
            self.anchors[anchor] = (node, self.count - before)
        if not self.stack:
            self.roots.append(node)
            return
        frame = self.stack[-1]
        members = frame.node.value
        if isinstance(members, list):
            members.append(node)
        elif frame.merging:
            frame.merged += self._mappings(node, at)
            frame.merging = False
        elif frame.key is None:
            self._key(frame, node, node.offset if at is None else at, plain=plain)
        elif isinstance(members, dict):
            members[frame.key] = node
            frame.key = None

    def _key(self, frame: _Frame, node: Node, offset: int, *, plain: bool) -> None:
        key = node.value
        if isinstance(key, bool):
            key = str(key).lower()
        if not isinstance(key, str):
            remedy = "quote a text that holds braces, brackets or nothing"
            raise _refusal(self.source, offset, f"found {node.kind} as a key, expected a text", remedy)
        if plain and key == _MERGE:
            frame.merging = True
            return
        keys = frame.node.keys
        if key in keys:
            frame.repeated.append((key, keys[key], offset))
        keys[key] = offset
        frame.key = key

    def _mappings(self, node: Node, at: int | None) -> list[Node]:
        """Return the mappings that a merge key brings in."""
        found = node.value if isinstance(node.value, list) else [node]
        for each in found:
            if not isinstance(each.value, dict):
                offset = node.offset if at is None else at
                raise _refusal(
                    self.source, offset, f'found {each.kind} under "<<", expected a mapping', 'quote the "<<"'
                )
        return found

    def _content(self, offset: int) -> int:
        """Return where a value begins, behind its tag and anchor."""
        skipped = _skip_properties(self.source.text, offset)
        return skipped.end() if skipped else offset

    def _tagged(self, node: Node, tag: str | None, offset: int) -> Node:
        """Return the value that a tag makes of a node: CloudFormation's long form."""
        name = _function(tag)
        if name is None:
            return node
        self.count += 1
        if name == "Fn::GetAtt" and isinstance(node.value, str) and "." in node.value:
            node = _attribute(node)
        return Node({name: node}, self.source, offset, {name: offset}, ())

    def _refuse_tag(self, tag: str | None, offset: int) -> None:
        if tag is None or tag in _PLAIN_TAGS or _function(tag):
            return
        shown = f"!!{tag.removeprefix(_STANDARD)}" if tag.startswith(_STANDARD) else tag
        why = f"found the tag {shown[:60]}, expected one of CloudFormation's, such as !Sub"
        raise _refusal(self.source, offset, why, "write the value without a tag, or leave the file out")

    def _too_deep(self, offset: int) -> PolicyLoadError:
        why = f"found more than {MAX_DEPTH} levels of nesting, expected at most that many"
        return _refusal(self.source, offset, why)


_PLAIN_TAGS = frozenset({"!", *(_STANDARD + name for name in ("bool", "float", "int", "map", "null", "seq", "str"))})


def _parser() -> Any:
    """Return the class that makes events of a text: libyaml's if it is there, else the one in Python."""
    try:
        from yaml.cyaml import CParser as Parser
    except ImportError:
        from yaml import SafeLoader as Parser
    return Parser


def _function(tag: str | None) -> str | None:
    """Return the long form of a tag, None if it is none of CloudFormation's."""
    if tag is None or not tag.startswith("!"):
        return None
    name = tag[1:]
    return name if name in _BARE else f"Fn::{name}" if name in FUNCTIONS else None


def _attribute(node: Node) -> Node:
    """Return ``[A, b.c]`` for the text ``A.b.c``, as CloudFormation reads the short form."""
    assert isinstance(node.value, str)  # noqa: S101 - the caller asked
    name, _, attribute = node.value.partition(".")
    quote = (
        node.source.text[node.offset : node.offset + 1] in ("'", '"') if isinstance(node.source, TextSource) else False
    )
    start = node.offset + quote
    return Node(
        [Node(name, node.source, start), Node(attribute, node.source, start + len(name) + 1)], node.source, node.offset
    )


def _merge(node: Node, merged: list[Node]) -> None:
    """Add the members of merged mappings; what stands in the mapping itself, or in an earlier one, wins."""
    assert isinstance(node.value, dict)  # noqa: S101 - only mappings have keys
    for other in merged:
        assert isinstance(other.value, dict)  # noqa: S101 - refused before
        for key, member in other.value.items():
            if key not in node.value:
                node.value[key] = member
                node.keys[key] = other.keys.get(key, member.offset)


def _duplicates(repeated: list[tuple[str, int, int]]) -> tuple[Duplicate, ...]:
    firsts: dict[str, int] = {}
    return tuple(Duplicate(key, firsts.setdefault(key, previous), again) for key, previous, again in repeated)


def _height(node: Node) -> int:
    """Return how many lists and objects are nested in a node, level by level; a shared node is one of its level."""
    height, level = 0, [node]
    while level := [each for each in level if isinstance(each.value, list | dict)]:
        height += 1
        level = [*{id(child): child for each in level for child in _children(each)}.values()]
    return height


def _children(node: Node) -> Sequence[Node]:
    value = node.value
    return value if isinstance(value, list) else [*value.values()] if isinstance(value, dict) else ()


# What stands there instead. Nothing below runs for a text that is YAML.

_NEVER_FIRST = "@`%"


def _refusal(source: TextSource, offset: int, why: str, remedy: str = "") -> PolicyLoadError:
    place = source.locate(offset)
    return PolicyLoadError(source.path, why, line=place.line, column=place.column, remedy=remedy)


def _not_yaml(source: YamlText, error: Exception) -> PolicyLoadError:
    """Say in the user's words what PyYAML found."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        found = _unprintable(source.text)
        if found is None:
            return PolicyLoadError(source.path, "it is not YAML: it holds a character that YAML does not know")
        why = f"found U+{ord(found[0]):04X}, which YAML does not allow, expected text"
        return _refusal(source, found.start(), why, "delete it, or write it as an escape in double quotes")
    offset = min(mark.index, len(source.text))
    problem, context = getattr(error, "problem", None) or "it ends too early", getattr(error, "context", None)
    opening = getattr(error, "context_mark", None)
    if context and "alias" in context and opening is not None:
        word = _alias_word(source.text, opening.index)
        why = "an unquoted * refers to an anchor, expected the name of one"
        return _refusal(source, opening.index, why, f'quote it: "{word[0] if word else "*"}"')
    why = f"it is not YAML: {problem}"
    if context:
        why += f" {context}"
        begun = source.locate(min(opening.index, len(source.text))) if opening is not None else None
        if begun is not None and (begun.line, begun.column) != (1, 1):
            why += f" that begins at {begun.line}:{begun.column}"
    return _refusal(source, offset, why, _remedy(source.text[offset : offset + 1], problem))


def _remedy(character: str, problem: str) -> str:
    if character == "\t":
        return "YAML is indented with spaces, not with tabs"
    if character and character in _NEVER_FIRST:
        return f'quote the text: without quotes it cannot begin with "{character}"'
    if "mapping values are not allowed" in problem:
        return 'quote a text that holds ": ", or check the indentation'
    if "end of stream" in problem:
        return "close the quote or bracket"
    return "check the indentation, and that every text with special characters is quoted"
