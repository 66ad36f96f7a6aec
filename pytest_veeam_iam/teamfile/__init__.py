"""``veeam-iam.toml``: what a team writes down that it expects; as it is written, before anything is looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_veeam_iam.errors import TeamFileError
from pytest_veeam_iam.sources.files import matching

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_veeam_iam.tomlfile import TomlFile
    from pytest_veeam_iam.waivers import Waiver

_FILES = ("files", "permissions_boundary", "resource_policies", "session_policies")


@dataclass(frozen=True)
class WrittenTarget:
    """One ``[[target]]``.

    Attributes:
        name: Unique in the file.
        number: Which of the file's targets it is, from 0.
        keys: Its other keys, in their right form; lists are tuples.
    """

    name: str
    number: int
    keys: Mapping[str, object]

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the value of a key that holds one or several texts, as several."""
        value = self.keys.get(key, ())
        return (value,) if isinstance(value, str) else tuple(value)  # type: ignore[arg-type]

    def text(self, key: str) -> str | None:
        """Return the value of a key that holds a text."""
        value = self.keys.get(key)
        return value if isinstance(value, str) else None

    def files(self, base: Path) -> frozenset[Path]:
        """Return all of its files, those of boundaries and other layers as well; a directory stands for itself."""
        patterns = [text for key in _FILES for text in self.texts(key)]
        patterns += [text for level in self.levels for text in level]
        return frozenset(path for pattern in patterns for path in matching(pattern, base))

    @property
    def levels(self) -> tuple[tuple[str, ...], ...]:
        """The files of its service control policies, by level from the root down."""
        levels: tuple[str | tuple[str, ...], ...] = self.keys.get("service_control_policies", ())  # type: ignore[assignment]
        return tuple((level,) if isinstance(level, str) else level for level in levels)


@dataclass(frozen=True)
class TeamFile:
    """The whole file.

    Attributes:
        path: Where it is; paths in it are relative to its directory.
        bind: Expression of a template -> value, for all targets.
        targets: In their order.
        waivers: In their order.
        toml: Where everything stands in it.
        table: The way to its own table: empty, or ``tool``, ``veeam-iam`` in ``pyproject.toml``.
    """

    path: Path
    bind: Mapping[str, str]
    targets: tuple[WrittenTarget, ...]
    waivers: tuple[Waiver, ...]
    toml: TomlFile
    table: tuple[str, ...] = ()

    def place(self, *keys: str | int) -> str:
        """Return the file, line and column of a key, or of the nearest table around it."""
        line, column = self.toml.place(*self.table, *keys)
        return f"{self.toml.path}:{line}:{column}"

    def place_in(self, target: WrittenTarget, key: str = "") -> str:
        """Return the place of a target, or of one of its keys."""
        return self.place("target", target.number, *([key] if key else []))

    def place_of_bound(self, expression: str, *at: str | int) -> str:
        """Return the place of a value that is bound, in all of the file or at one of its targets."""
        table: Any = self.toml.data
        for step in (*self.table, *at, "bind"):
            table = table[step]
        return self.place(*at, "bind", *_way(table, expression))

    def error(self, *problems: str) -> TeamFileError:
        """Return the error that says what is wrong with the file."""
        return TeamFileError(str(self.path), problems)

    def target(self, name: str) -> WrittenTarget | None:
        """Return the target of a name, or None."""
        return next((each for each in self.targets if each.name == name), None)


def _way(table: Mapping[str, Any], expression: str) -> tuple[str, ...]:
    """Return the keys that lead to an expression; ``var.bucket`` without quotes is a key in a table."""
    for key, value in table.items():
        if isinstance(value, dict) and expression.startswith(f"{key}."):
            return (key, *_way(value, expression[len(key) + 1 :]))
    return (expression,)
