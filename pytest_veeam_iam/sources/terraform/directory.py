"""The files of a directory that Terraform reads as one module: which they are, their blocks, and what mentions a name.

A file is parsed when somebody asks for its blocks, which is decided by looking for a name in its text. What was read is
kept, as long as the file is the same, for the next file of the directory; within bounds.
"""

from __future__ import annotations

import os
import posixpath
import re
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.sources import files
from pytest_veeam_iam.sources.terraform import hcl, json_syntax

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from pytest_veeam_iam.iam.tree import TextSource
    from pytest_veeam_iam.sources.terraform.syntax import Block

MAX_FILES = 2_000
"""Files of a directory; more are an error."""

_RACY = 2_000_000_000
"""Nanoseconds after which a changed file surely has another time stamp: FAT counts in two seconds."""

_HEADER = re.compile(
    r"^[ \t]*+(resource|data|variable|output|module|locals)"
    r'[ \t]*+(?:"?([\w-]++)"?)?+[ \t]*+(?:"?([\w-]++)"?)?+[ \t]*+\{',
    re.MULTILINE,
)
"""Of a block at the top; one within a heredoc matches as well, which does no harm."""


class SourceFile:
    """One file of a module.

    Args:
        text: Its text; the path in it is what messages call it.
    """

    def __init__(self, text: TextSource) -> None:
        self.text = text

    @property
    def name(self) -> str:
        """The last part of its path."""
        return posixpath.basename(self.text.path)

    @property
    def overrides(self) -> bool:
        """Whether its blocks replace arguments of others.

        https://developer.hashicorp.com/terraform/language/files/override
        """
        stem = self.name.removesuffix(".json").removesuffix(".tf")
        return stem == "override" or stem.endswith("_override")

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Its blocks; raises PolicyLoadError if they cannot be read."""
        parse = json_syntax.parse if self.name.endswith(".json") else hcl.parse
        return parse(self.text)

    @cached_property
    def index(self) -> dict[tuple[str, ...], Block]:
        """Its blocks by type and labels; raises PolicyLoadError for two of the same address."""
        found: dict[tuple[str, ...], Block] = {}
        for block in self.blocks:
            address = (block.type, *block.labels)
            if block.type in ("resource", "data", "variable", "output", "module"):
                if address in found:
                    raise twice(address, found[address], block)
                found[address] = block
        return found

    @cached_property
    def headers(self) -> frozenset[tuple[str, ...]]:
        """The types and labels of its blocks, found without a parse; of JSON, none."""
        return frozenset(tuple(filter(None, match)) for match in _HEADER.findall(self.text.text))

    def may_declare(self, *address: str) -> bool:
        """Return whether a block of that type and these labels may stand in it."""
        if self.name.endswith(".json"):
            return all(f'"{word}"' in self.text.text for word in address)
        return address in self.headers

    def may_hold(self, types: Collection[str]) -> bool:
        """Return whether a resource of one of these types may stand in it."""
        if self.name.endswith(".json"):
            return any(type_ in self.text.text for type_ in types)
        return any(header[0] == "resource" and header[1] in types for header in self.headers if len(header) > 1)

    @property
    def may_call_local_modules(self) -> bool:
        """Whether it may call a module whose files are in the repository."""
        return "module" in self.text.text and ('"./' in self.text.text or '"../' in self.text.text)

    def mentions(self, *words: str) -> bool:
        """Return whether all of these texts stand in it."""
        return all(word in self.text.text for word in words)


def twice(address: tuple[str, ...], first: Block, again: Block) -> PolicyLoadError:
    """Return the error of two blocks with one address."""
    place, before = again.source.locate(again.start), first.source.locate(first.start)
    name = ".".join(address[1:] if address[0] == "resource" else address)
    why = f"{name} is declared twice (first at {before.path}:{before.line})"
    return PolicyLoadError(place.path, why, line=place.line, column=place.column, remedy="rename or remove one of them")


@dataclass(frozen=True)
class Directory:
    """The files of one module, in the order in which Terraform reads them.

    Attributes:
        name: What messages call the directory, with ``/``; empty for the current one.
        path: The directory, None for a lone text.
        files: Its configuration files, overriding ones last.
        values: Files that give values to variables, later ones win.
    """

    name: str
    path: Path | None
    files: tuple[SourceFile, ...]
    values: tuple[SourceFile, ...] = ()
    broken: dict[str, PolicyLoadError] = field(default_factory=dict)

    def blocks(self, *address: str) -> Iterator[Block]:
        """Yield the blocks of that type and these labels: one, and those that override it."""
        for file in self.files:
            if file.may_declare(*address) and self.can_read(file) and (block := file.index.get(address)):
                yield block

    def is_same(self, other: Directory) -> bool:
        """Return whether another reading of it found the same files, unchanged."""
        mine, others = ((*each.files, *each.values) for each in (self, other))
        return len(mine) == len(others) and all(a is b for a, b in zip(mine, others, strict=True))

    def can_read(self, file: SourceFile) -> bool:
        """Return whether a file's blocks can be read; the error of one that cannot be is in ``broken``."""
        if file.text.path in self.broken:
            return False
        try:
            file.index  # noqa: B018 - it raises
        except PolicyLoadError as error:
            self.broken[file.text.path] = error
            return False
        return True


def stamp(path: Path) -> tuple[int, int, int]:
    """Return what changes if a file does: the time of its last change, its size, and which file it is."""
    status = os.stat(path)  # noqa: PTH116 - twice as fast, and asked for every file of every directory
    return status.st_mtime_ns, status.st_size, status.st_ino


class _Kept:
    """Files that were read, the last used ones, up to a number of characters."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._files: OrderedDict[str, tuple[tuple[int, int, int], SourceFile]] = OrderedDict()

    def read(self, path: Path, name: str) -> SourceFile:
        """Return a file, as it was kept if it is the same still."""
        key = f"{name}\0{path}"
        now = stamp(path)
        kept = self._files.get(key)
        if kept is not None and kept[0] == now:
            self._files.move_to_end(key)
            return kept[1]
        file = SourceFile(files.read_text(path, name=name))
        self._drop(key)
        if time.time_ns() - now[0] > _RACY:
            self._files[key] = (now, file)
            self._left -= len(file.text.text)
        while self._left < 0:
            self._drop(next(iter(self._files)))
        return file

    def _drop(self, key: str) -> None:
        dropped = self._files.pop(key, None)
        self._left += 0 if dropped is None else len(dropped[1].text.text)


_KEPT = _Kept(4 * 1024 * 1024)


def read_directory(path: Path, name: str) -> Directory:
    """Return the module that stands in a directory.

    Args:
        path: The directory.
        name: What messages call it; empty for the current one.

    Raises:
        PolicyLoadError: It cannot be listed, or holds too many files.
    """
    try:
        with os.scandir(path) as entries:
            names = sorted(
                entry.name for entry in entries if _is_relevant(entry.name) and entry.is_file(follow_symlinks=False)
            )
    except OSError as error:
        raise PolicyLoadError(name or ".", f"the system cannot list it: {error.strerror}") from error
    if len(names) > MAX_FILES:
        raise PolicyLoadError(name or ".", f"found {len(names):,} files of one module, expected at most {MAX_FILES:,}")
    broken: dict[str, PolicyLoadError] = {}
    found: list[SourceFile] = []
    for each in names:
        called = posixpath.join(name, each)
        try:
            found.append(_KEPT.read(path / each, called))
        except PolicyLoadError as error:
            broken[called] = error
        except OSError as error:
            broken[called] = PolicyLoadError(called, f"the system cannot open it: {error.strerror}")
    configuration = sorted((f for f in found if ".tfvars" not in f.name), key=lambda file: file.overrides)
    given = sorted((f for f in found if ".tfvars" in f.name), key=lambda file: not file.name.startswith("terraform."))
    return Directory(name, path, tuple(configuration), tuple(given), broken)


def _is_relevant(name: str) -> bool:
    if name.startswith((".", "#")):
        return False
    return name.endswith((".tf", ".tf.json", ".auto.tfvars", ".auto.tfvars.json")) or name in (
        "terraform.tfvars", "terraform.tfvars.json",
    )  # fmt: skip


def lone(text: TextSource) -> Directory:
    """Return the module that a text without a directory is."""
    return Directory("", None, (SourceFile(text),))
