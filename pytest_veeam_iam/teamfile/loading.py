"""Decides whether a text is a ``veeam-iam.toml``, and says everything that is wrong with it at once.

It knows the form of the file and nothing of packs or policies: ``resolving`` holds the values against them.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from pytest_veeam_iam import tomlfile
from pytest_veeam_iam.errors import PolicyLoadError, TeamFileError
from pytest_veeam_iam.rulepacks import did_you_mean
from pytest_veeam_iam.sources import files
from pytest_veeam_iam.teamfile import TeamFile, WrittenTarget, keys
from pytest_veeam_iam.waivers import Waiver

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pytest_veeam_iam.teamfile.keys import Key

PROJECT_FILE = "pyproject.toml"
PROJECT_TABLE = ("tool", "veeam-iam")


def load(path: Path, name: str) -> TeamFile:
    """Read the file.

    Args:
        path: The file; of a ``pyproject.toml`` its ``[tool.veeam-iam]`` is read.
        name: What messages call it.

    Raises:
        TeamFileError: It cannot be read, or something in it is wrong; each problem has its place.
    """
    try:
        text = files.read_text(path, name=name).text
        toml = tomlfile.read(text, name)
    except (PolicyLoadError, tomlfile.TomlError) as error:
        raise TeamFileError(str(path), [str(error)]) from error
    table = PROJECT_TABLE if path.name == PROJECT_FILE else ()
    return _Loader(path, toml, table).load()


class _Loader:
    def __init__(self, path: Path, toml: tomlfile.TomlFile, table: tuple[str, ...]) -> None:
        self._path, self._toml, self._table = path, toml, table
        self._problems: list[tuple[tuple[int, int], str]] = []

    def load(self) -> TeamFile:
        data: Any = self._toml.data
        for step in self._table:
            data = data.get(step, {}) if isinstance(data, dict) else {}
        if not isinstance(data, dict) or not data:
            where = f"[{'.'.join(self._table)}]" if self._table else "it"
            self._refuse(f"{where} says nothing", "add a [[target]] with name and files")
            data = {}
        self._known(data, keys.ROOT, "the file")
        bind = self._bind(data.get("bind", {}))
        targets = [self._target(number, each) for number, each in enumerate(self._tables(data, "target"))]
        self._unique(targets)
        waivers = [self._waiver(number, each, targets) for number, each in enumerate(self._tables(data, "waiver"))]
        self._waived_once(waivers)
        if self._problems:
            raise TeamFileError(str(self._path), [text for _, text in sorted(self._problems, key=lambda each: each[0])])
        whole = [each for each in waivers if each is not None]
        return TeamFile(self._path, bind, tuple(targets), tuple(whole), self._toml, self._table)

    def _refuse(self, what: str, remedy: str, *at: str | int) -> None:
        place = self._toml.place(*self._table, *at)
        self._problems.append((place, f"{self._toml.path}:{place[0]}:{place[1]}: {what}; {remedy}"))

    def _known(self, data: Mapping[str, object], names: Iterable[str], where: str, *at: str | int) -> None:
        names = tuple(names)
        for key in data:
            if key not in names:
                what = f'"{key}" is no key of {where}{did_you_mean(key, names)}'
                self._refuse(what, f"possible are {', '.join(names)}", *at, key)

    def _tables(self, data: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
        found = data.get(key, [])
        if isinstance(found, list) and all(isinstance(each, dict) for each in found):
            return found
        header = ".".join((*self._table, key))
        self._refuse(f"{key} is not a list of tables", f"write [[{header}]] above its keys", key)
        return []

    def _bind(self, value: object, *at: str | int) -> dict[str, str]:
        if keys.BIND.fits(value):
            return dict(_flat(value))
        self._refuse("bind is not a table of values", f"write lines of the form {keys.BIND.written}", *at, "bind")
        return {}

    def _values(
        self, known: Sequence[Key], data: Mapping[str, object], title: str, *at: str | int
    ) -> dict[str, object]:
        """Return the values that have the right form, and report all others."""
        self._known(data, [key.name for key in known], title, *at)
        found: dict[str, object] = {}
        for key in known:
            value = data.get(key.name)
            written = key.kind.written.format(key=key.name)
            if value is None:
                if key.is_required:
                    self._refuse(f"{title} has no {key.name}", f"add {written}", *at)
            elif not key.kind.fits(value):
                self._refuse(f"{key.name} is not {key.kind.name}", f"write {written}", *at, key.name)
            elif key.choices and value not in key.choices:
                what = f'{key.name} = "{value}" is not known{did_you_mean(str(value), key.choices)}'
                self._refuse(what, "write " + " or ".join(f'"{each}"' for each in key.choices), *at, key.name)
            else:
                found[key.name] = _frozen(value)
        return found

    def _target(self, number: int, data: Mapping[str, object]) -> WrittenTarget:
        at = ("target", number)
        values = self._values(keys.TARGET, data, "a target", *at)
        name = str(values.pop("name", ""))
        if name and not re.fullmatch(keys.NAME, name):
            what = f'name "{name}" does not fit into a node id'
            self._refuse(what, "use letters, digits, dots, hyphens, underscores, a letter or digit first", *at, "name")
        called = f'target "{name}"'
        if "profile" in data and "groups" in data:
            what = f"{called} has profile and groups; a profile is itself a selection of groups"
            self._refuse(what, "leave one of them out", *at, "groups")
        if "form" in data and "select" in data:
            what = f"{called} has form and select; select says where the policies stand, whatever the form"
            self._refuse(what, "leave one of them out", *at, "select")
        self._has_policies(called, data, *at)
        if "bind" in values:
            values["bind"] = dict(_flat(values["bind"]))
        return WrittenTarget(name, number, values)

    def _has_policies(self, called: str, data: Mapping[str, object], *at: str | int) -> None:
        if "files" in data:
            return
        if "principal" not in data:
            self._refuse(f"{called} has no policies", 'add files = ["policies/*.json"], or principal = "..."', *at)
        elif str(data["principal"]).startswith("arn:"):
            what = f"{called} has no policies: the files do not name a principal by its ARN"
            self._refuse(what, 'add files = ["policies/*.json"]', *at, "principal")

    def _unique(self, targets: Sequence[WrittenTarget]) -> None:
        first: dict[str, int] = {}
        for target in targets:
            if target.name and first.setdefault(target.name, target.number) != target.number:
                line = self._toml.line(*self._table, "target", first[target.name], "name")
                what = f'target "{target.name}" is there twice (line {line})'
                self._refuse(what, "rename one", "target", target.number, "name")

    def _waiver(self, number: int, data: Mapping[str, object], targets: Sequence[WrittenTarget]) -> Waiver | None:
        at = ("waiver", number)
        before = len(self._problems)
        values = self._values(keys.WAIVER, data, "a waiver", *at)
        if ("permission" in data) is ("finding" in data):
            what = "a waiver waives either a permission or a finding"
            self._refuse(what, 'write permission = "s3:..." or finding = "..."', *at)
        names = [target.name for target in targets if target.name]
        named = values.get("target")
        if isinstance(named, str) and named not in names:
            what = f'target = "{named}" is not in this file{did_you_mean(named, names)}'
            self._refuse(what, f"possible are {', '.join(names) or 'none: add a [[target]]'}", *at, "target")
        if len(self._problems) > before:
            return None
        line, column = self._toml.place(*self._table, *at)
        return Waiver(
            target=str(named),
            permission=_optional(values, "permission"),
            finding=_optional(values, "finding"),
            reason=str(values["reason"]),
            accepted_by=str(values["accepted_by"]),
            expires=_day(values["expires"]),
            place=f"{self._toml.path}:{line}:{column}",
        )

    def _waived_once(self, waivers: Sequence[Waiver | None]) -> None:
        first: dict[tuple[str, str], int] = {}
        for number, waiver in enumerate(waivers):
            if waiver and first.setdefault((waiver.target, waiver.waives), number) != number:
                line = self._toml.line(*self._table, "waiver", first[waiver.target, waiver.waives])
                what = f"{waiver.waives} of {waiver.target} is waived twice (line {line})"
                self._refuse(what, "remove one", "waiver", number)


def _flat(values: Any, above: str = "") -> Iterable[tuple[str, str]]:
    """Yield the values of a table; for TOML ``var.bucket`` without quotes is the key of a table in a table."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", str(value).lower() if isinstance(value, bool) else str(value)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _optional(values: Mapping[str, object], key: str) -> str | None:
    return str(values[key]) if key in values else None


def _day(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))
