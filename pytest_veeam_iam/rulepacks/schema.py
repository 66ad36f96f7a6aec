"""Decides whether a TOML text is a rule pack, and says everything that is wrong with it at once.

It knows the form of a pack and nothing of IAM's logic or of any product.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, cast

from pytest_veeam_iam import tomlfile
from pytest_veeam_iam.errors import RulePackError
from pytest_veeam_iam.rulepacks import Group, Profile, Provenance, Requirement, RulePack, Scenario, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pytest_veeam_iam.rulepacks import Confidence, Level

SCHEMA = 1
PLACEHOLDERS = ("partition", "bucket", "prefix", "region", "account")
LEVELS = ("required", "recommended")
WHY_SOURCES = ("documented", "inferred")
CONFIDENCES = ("documented", "documented elsewhere", "inferred")

_ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z0-9]+")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_VERSION = re.compile(r"[0-9]+(\.[0-9]+)*")
_ARN = re.compile(r"arn:[^:{}]+:[^:{}]+:[^:{}]*:[^:{}]*:[^{}]+")


def parse(text: str, path: str, *, file_name: str | None = None) -> RulePack:
    """Read the text of a rule pack.

    Args:
        text: The TOML text.
        path: What to call it in messages.
        file_name: The name it is packaged under, which must say its id and version; None for any other file.

    Returns:
        The pack.

    Raises:
        RulePackError: It is no valid pack; each problem is ``path:line: what; what to do``, in the order of the lines.
    """
    try:
        file = tomlfile.read(text, path)
    except tomlfile.TomlError as error:
        raise RulePackError([str(error)]) from error
    problems = _Problems(file)
    _check_schema(file, problems)
    pack = _pack(_Table("the pack", file.data, (), problems))
    for check in _CHECKS:
        check(pack, problems)
    if file_name is not None:
        _check_file_name(pack, file_name, problems)
    problems.raise_any()
    return pack


class _Problems:
    def __init__(self, file: tomlfile.TomlFile) -> None:
        self._file = file
        self._found: list[tuple[int, str]] = []

    def add(self, what: str, remedy: str, *keys: str | int) -> None:
        line = self._file.line(*keys)
        self._found.append((line, f"{self._file.path}:{line}: {what}; {remedy}"))

    def raise_any(self) -> None:
        if self._found:
            self._found.sort(key=lambda found: found[0])
            raise RulePackError([text for _, text in self._found])


@dataclass(frozen=True, slots=True)
class _Kind:
    """A form that a value must have: how messages name it, how to tell it, how it is written."""

    name: str
    fits: Callable[[object], bool]
    written: str


_TEXT = _Kind("a non-empty text", lambda value: isinstance(value, str) and bool(value.strip()), '{key} = "..."')
_NUMBER = _Kind("a whole number", lambda value: type(value) is int, "{key} = 1")
_FLAG = _Kind("true or false", lambda value: isinstance(value, bool), "{key} = true")
_DATE = _Kind(
    "a date",
    lambda value: isinstance(value, date) and not isinstance(value, datetime),
    "{key} = 2025-01-31, without quotes or a time",
)
_TEXTS = _Kind(
    "a non-empty list of texts",
    lambda value: isinstance(value, list) and bool(value) and all(map(_TEXT.fits, value)),
    '{key} = ["...", "..."]',
)
_NAMES = _Kind(
    "a non-empty table of texts",
    lambda value: isinstance(value, dict) and bool(value),
    'a table [{key}] with lines of the form name = "..."',
)
_TABLE = _Kind("a table", lambda value: isinstance(value, dict), "a table [{key}]")
_TABLES = _Kind(
    "an array of tables",
    lambda value: isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value),
    "at least one table [[{key}]]",
)


@dataclass(frozen=True, slots=True)
class _Table:
    """One table of the file: gives the values it is asked for, and reports what is missing, wrong or left over.

    Where it reports a problem it gives an empty value of the right type, so that reading can go on.
    """

    name: str
    data: Mapping[str, object]
    keys: tuple[str | int, ...]
    problems: _Problems
    asked: list[str] = field(default_factory=list)

    def text(self, key: str, *, optional: bool = False) -> str:
        return cast("str", self._take(key, _TEXT, optional=optional) or "")

    def choice(self, key: str, choices: Sequence[str], *, default: str | None = None) -> str:
        value = self.text(key, optional=default is not None) or default or ""
        if value and value not in choices:
            use = " or ".join(f'"{each}"' for each in choices)
            what = f'{key} = "{value}" is not known{did_you_mean(value, choices)}'
            self.problems.add(what, f"use {use}", *self.keys, key)
        return value

    def texts(self, key: str, *, optional: bool = False) -> tuple[str, ...]:
        values = cast("list[str]", self._take(key, _TEXTS, optional=optional) or [])
        for index in _repeated(values):
            self.problems.add(f'{key} names "{values[index]}" twice', "remove one", *self.keys, key, index)
        return tuple(values)

    def number(self, key: str) -> int:
        return cast("int", self._take(key, _NUMBER) or 0)

    def flag(self, key: str) -> bool:
        return bool(self._take(key, _FLAG, optional=True))

    def day(self, key: str) -> date:
        return cast("date", self._take(key, _DATE) or date.min)

    def names(self, key: str, *, optional: bool = False) -> dict[str, str]:
        values = cast("dict[str, object]", self._take(key, _NAMES, optional=optional) or {})
        for name in [name for name, value in values.items() if not _TEXT.fits(value)]:
            self.problems.add(f"{name} must be {_TEXT.name}", f'write {name} = "..."', *self.keys, key, name)
        return {name: cast("str", value) for name, value in values.items() if _TEXT.fits(value)}

    def table(self, key: str) -> _Table | None:
        value = cast("dict[str, object] | None", self._take(key, _TABLE))
        return None if value is None else _Table(f"[{key}]", value, (*self.keys, key), self.problems)

    def tables(self, key: str, *, optional: bool = False) -> Iterator[_Table]:
        name = self._dotted(key)
        values = cast("list[dict[str, object]]", self._take(key, _TABLES, optional=optional) or [])
        for index, value in enumerate(values):
            yield _Table(f"[[{name}]]", value, (*self.keys, key, index), self.problems)

    def close(self) -> None:
        """Report the keys that nobody asked for."""
        for key in self.data:
            if key not in self.asked:
                what = f'"{key}" is not a key of {self.name}{did_you_mean(key, self.asked)}'
                self.problems.add(what, f"remove it, or use one of {', '.join(self.asked)}", *self.keys, key)

    def _take(self, key: str, kind: _Kind, *, optional: bool = False) -> object:
        self.asked.append(key)
        written = kind.written.format(key=self._dotted(key) if kind in (_TABLE, _TABLES, _NAMES) else key)
        value = self.data.get(key)
        if value is None:
            if not optional:
                self.problems.add(f"{self.name} has no {key}", f"add {written}", *self.keys)
        elif not kind.fits(value):
            self.problems.add(f"{key} must be {kind.name}", f"write {written}", *self.keys, key)
            value = None
        return value

    def _dotted(self, key: str) -> str:
        return ".".join([each for each in self.keys if isinstance(each, str)] + [key])


def _pack(root: _Table) -> RulePack:
    root.number("schema")
    pack = RulePack(
        id=root.text("id"),
        version=root.text("version"),
        product=root.text("product"),
        default_profile=root.text("default_profile"),
        over_grants=root.texts("over_grants", optional=True),
        provenance=_provenance(root.table("provenance")),
        resource_types=root.names("resource_types"),
        groups=tuple(map(_group, root.tables("group"))),
        profiles=tuple(map(_profile, root.tables("profile"))),
        scenarios=tuple(map(_scenario, root.tables("scenario", optional=True))),
        storage_class_names=root.names("storage_classes", optional="scenario" not in root.data),
        api_names=root.names("api_names", optional=True),
    )
    root.close()
    return pack


def _provenance(table: _Table | None) -> Provenance:
    if table is None:
        return Provenance("", date.min, "", date.min, date.min)
    provenance = Provenance(
        page=table.text("page"),
        page_updated=table.day("page_updated"),
        build=table.text("build"),
        retrieved=table.day("retrieved"),
        last_seen_unchanged=table.day("last_seen_unchanged"),
    )
    table.close()
    return provenance


def _group(table: _Table) -> Group:
    group = Group(
        id=table.text("id"),
        title=table.text("title"),
        heading=table.text("heading"),
        requirements=tuple(map(_requirement, table.tables("permission"))),
    )
    table.close()
    return group


def _requirement(table: _Table) -> Requirement:
    requirement = Requirement(
        action=table.text("action"),
        resource_types=table.texts("resources"),
        level=cast("Level", table.choice("level", LEVELS, default="required")),
        why=table.text("why"),
        why_inferred=table.choice("why_source", WHY_SOURCES) == "inferred",
        scope_inferred=table.flag("inferred"),
        note=table.text("note", optional=True),
    )
    table.close()
    return requirement


def _profile(table: _Table) -> Profile:
    profile = Profile(
        id=table.text("id"),
        groups=table.texts("groups"),
        without=table.texts("without", optional=True),
        confidence=cast("Confidence", table.choice("confidence", CONFIDENCES)),
        why=table.text("why"),
    )
    table.close()
    return profile


def _scenario(table: _Table) -> Scenario:
    scenario = Scenario(id=table.text("id"), storage_classes=table.texts("storage_classes"))
    table.close()
    return scenario


def _check_schema(file: tomlfile.TomlFile, problems: _Problems) -> None:
    schema = file.data.get("schema")
    if type(schema) is int and schema != SCHEMA:
        remedy = f"this version of pytest-veeam-iam reads schema {SCHEMA}: install one that knows the pack's"
        problems.add(f"schema {schema} is not known", remedy, "schema")
        problems.raise_any()  # the rest cannot be judged


def _check_file_name(pack: RulePack, file_name: str, problems: _Problems) -> None:
    said = f"{pack.id}-{pack.version}.toml"
    if pack.id and pack.version and said != file_name:
        what = f"id and version belong to {said}, the file is called {file_name}"
        problems.add(what, "rename the file, or correct id or version", "id")


def _check_ids(pack: RulePack, problems: _Problems) -> None:
    if pack.version and not _VERSION.fullmatch(pack.version):
        problems.add(f'version "{pack.version}" is not made of numbers', 'write version = "8.3"', "version")
    _check_id(pack.id, problems, "id")
    for name in pack.resource_types:
        _check_id(name, problems, "resource_types", name)
    named: dict[str, Iterable[Group | Profile | Scenario]]
    named = {"group": pack.groups, "profile": pack.profiles, "scenario": pack.scenarios}
    for kind, things in named.items():
        ids = [thing.id for thing in things]
        for index, name in enumerate(ids):
            _check_id(name, problems, kind, index, "id")
        for index in _repeated(ids):
            problems.add(f'{kind} "{ids[index]}" is there twice', "rename one, or join them", kind, index, "id")


def _check_id(name: str, problems: _Problems, *keys: str | int) -> None:
    if name and not _ID.fullmatch(name):
        problems.add(f'"{name}" is not an id', "use small letters, digits and single hyphens", *keys)


def _check_resource_types(pack: RulePack, problems: _Problems) -> None:
    for name, template in pack.resource_types.items():
        keys = ("resource_types", name)
        for placeholder in re.findall(r"\{([^{}]*)\}", template):
            if placeholder not in PLACEHOLDERS:
                what = f'"{{{placeholder}}}" is not a placeholder{did_you_mean(placeholder, PLACEHOLDERS)}'
                problems.add(what, f"use {' '.join(f'{{{each}}}' for each in PLACEHOLDERS)}", *keys)
        if template != "*" and not _ARN.fullmatch(re.sub(r"\{[^{}]*\}", "x", template)):
            what = f'"{template}" is neither * nor an ARN of six fields'
            problems.add(
                what, "write arn:{partition}:SERVICE:REGION:ACCOUNT:RESOURCE, region and account may be empty", *keys
            )


def _check_requirements(pack: RulePack, problems: _Problems) -> None:
    for at, group in enumerate(pack.groups):
        for index, requirement in enumerate(group.requirements):
            keys = ("group", at, "permission", index)
            _check_action(requirement.action, problems, *keys, "action")
            for position, name in enumerate(requirement.resource_types):
                _check_known(name, pack.resource_types, "a resource type", problems, *keys, "resources", position)
        actions = [each.action.lower() for each in group.requirements]
        for index in _repeated(actions):
            what = f'group "{group.id}" has {group.requirements[index].action} twice'
            problems.add(what, "remove one", "group", at, "permission", index, "action")


def _check_profiles(pack: RulePack, problems: _Problems) -> None:
    groups = [group.id for group in pack.groups]
    _check_known(pack.default_profile, [each.id for each in pack.profiles], "a profile", problems, "default_profile")
    for at, profile in enumerate(pack.profiles):
        for index, name in enumerate(profile.groups):
            _check_known(name, groups, "a group", problems, "profile", at, "groups", index)
        if all(name in groups for name in profile.groups):
            _check_without(
                profile, [each for each in pack.groups if each.id in profile.groups], problems, "profile", at
            )


def _check_without(profile: Profile, groups: Sequence[Group], problems: _Problems, *keys: str | int) -> None:
    actions = {each.action for group in groups for each in group.requirements}
    for index, action in enumerate(profile.without):
        if action not in actions:
            what = f'without names "{action}", which the groups of profile "{profile.id}" do not have'
            problems.add(what + did_you_mean(action, actions), "remove or correct it", *keys, "without", index)
    for group in groups:
        if group.requirements and all(each.action in profile.without for each in group.requirements):
            what = f'without takes every action out of group "{group.id}"'
            problems.add(what, "take the group out of groups instead", *keys, "without")


def _check_scenarios(pack: RulePack, problems: _Problems) -> None:
    for at, scenario in enumerate(pack.scenarios):
        for index, name in enumerate(scenario.storage_classes):
            keys = ("scenario", at, "storage_classes", index)
            _check_known(name, pack.storage_class_names, "a storage class", problems, *keys)


def _check_action_lists(pack: RulePack, problems: _Problems) -> None:
    for index, action in enumerate(pack.over_grants):
        _check_action(action, problems, "over_grants", index)
    for name, action in pack.api_names.items():
        _check_action(name, problems, "api_names", name)
        _check_action(action, problems, "api_names", name)


def _check_action(action: str, problems: _Problems, *keys: str | int) -> None:
    if action and not _ACTION.fullmatch(action):
        problems.add(f'"{action}" is not one IAM action', "write service:Name, without wildcards", *keys)


def _check_known(name: str, possible: Iterable[str], what: str, problems: _Problems, *keys: str | int) -> None:
    """Report a name that is not there; where it is missing, or all there could be is, that was reported already."""
    names = [each for each in possible if each]
    if name and names and name not in names:
        near = did_you_mean(name, names)
        problems.add(f'"{name}" is not {what} of this pack{near}', f"use one of {', '.join(names)}", *keys)


def _repeated(values: Sequence[str]) -> list[int]:
    """Return the places of the values that stand earlier already; empty ones were reported as missing."""
    return [index for index, value in enumerate(values) if value and value in values[:index]]


_CHECKS = (
    _check_ids,
    _check_resource_types,
    _check_requirements,
    _check_profiles,
    _check_scenarios,
    _check_action_lists,
)
