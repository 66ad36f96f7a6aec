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
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.sources import files
from pytest_veeam_iam.sources.terraform import hcl, json_syntax

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from pytest_veeam_iam.iam.tree import TextSource
    from pytest_veeam_iam.sources.terraform.syntax import Block

T = TypeVar("T")

SUFFIXES = (".tf", ".tf.json", ".tofu", ".tofu.json")
"""Of files of configuration; those with "tofu" are OpenTofu's alone.

https://opentofu.org/docs/language/files/
"""

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


_LENGTHS = {"resource": 3, "module": 2}
"""Words of an address, by its first: the type of a block and its labels."""

_NAMED = ("resource", "data", "variable", "output", "module")
_BLOCK_COMMENT = re.compile(r"^[ \t]*+/\*", re.MULTILINE)


class SourceFile:
    """One file of a module.

    Args:
        text: Its text; the path in it is what messages call it.
    """

    def __init__(self, text: TextSource) -> None:
        self.text = text
        self.name = posixpath.basename(text.path)
        self.is_json = self.name.endswith(".json")
        stem = self.name.removesuffix(".json").removesuffix(".tf").removesuffix(".tofu")
        # https://developer.hashicorp.com/terraform/language/files/override
        self.overrides = stem == "override" or stem.endswith("_override")
        self._single: dict[tuple[str, ...], Block | None] = {}

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Its blocks; raises PolicyLoadError if they cannot be read."""
        return json_syntax.parse(self.text) if self.is_json else hcl.parse(self.text)

    @cached_property
    def index(self) -> dict[tuple[str, ...], Block]:
        """Its blocks by type and labels; raises PolicyLoadError for two of the same address."""
        found: dict[tuple[str, ...], Block] = {}
        for block in self.blocks:
            address = (block.type, *block.labels)
            if block.type in _NAMED:
                if address in found:
                    raise twice(address, found[address], block)
                found[address] = block
        return found

    def addresses(self) -> Iterable[tuple[str, ...]]:
        """Return the types and labels of its blocks; of HCL without a parse, so that some may not be there."""
        return self.index if self.is_json else self._headers

    def block(self, *address: str) -> Block | None:
        """Return the block of a type and labels; raises PolicyLoadError if it cannot be read."""
        if self.is_json:
            return self.index.get(address) if self.mentions(*address) else None
        if address not in self._headers:
            return None
        if "index" in self.__dict__:
            return self.index.get(address)
        if address not in self._single:
            starts = self._headers[address]
            single = self._sliced(starts[0]) if len(starts) == 1 else None
            self._single[address] = single or self.index.get(address)
        return self._single[address]

    def locals(self, name: str) -> Iterator[Block]:
        """Yield the blocks of local values in which a name stands; raises PolicyLoadError if one cannot be read."""
        if name not in self.text.text or not (self.is_json or ("locals",) in self._headers):
            return
        starts = () if self.is_json or "index" in self.__dict__ else self._headers.get(("locals",), ())
        sliced = [self._sliced(start) for start in starts]
        known = [block for block in sliced if block is not None]
        yield from known if known and len(known) == len(sliced) else (b for b in self.blocks if b.type == "locals")

    @cached_property
    def _headers(self) -> dict[tuple[str, ...], tuple[int, ...]]:
        """The types and labels of its blocks, found without a parse, and where they begin."""
        found: dict[tuple[str, ...], tuple[int, ...]] = {}
        for match in _HEADER.finditer(self.text.text):
            type_, first, second = match.groups()
            address = (type_, first, second) if second else (type_, first) if first else (type_,)
            found[address] = (*found.get(address, ()), match.start(1))
        return found

    def _sliced(self, start: int) -> Block | None:
        """Return a block that is parsed alone, up to the next brace that begins a line.

        A part that ends too early is no block. One that stands in a comment or heredoc is none either, so that a file
        in which one may begin before is parsed as a whole.
        """
        text = self.text.text
        if start > self._hiding:
            return None
        line_end = text.find("\n", start)
        line = text[start : line_end if line_end >= 0 else len(text)].rstrip()
        closing = text.find("\n}", start)
        end = start + len(line) if line.endswith("}") else closing + 2 if closing >= 0 else len(text)
        return hcl.parse_block(self.text, start, end)

    @cached_property
    def _hiding(self) -> int:
        """Where a comment or heredoc may begin that hides what looks like a block."""
        text = self.text.text
        if "/*" in text and _BLOCK_COMMENT.search(text) is not None:
            return 0
        heredoc = text.find("<<")
        return len(text) if heredoc < 0 else heredoc

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

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of its configuration files, also of those that cannot be read."""
        return frozenset([*(file.name for file in self.files), *map(posixpath.basename, self.broken)])

    @cached_property
    def _declaring(self) -> dict[tuple[str, ...], list[SourceFile]]:
        """The files in which a block of an address may stand; those in JSON are found under no address."""
        found: dict[tuple[str, ...], list[SourceFile]] = {(): [file for file in self.files if file.is_json]}
        for file in self.files:
            for address in () if file.is_json else file.addresses():
                found.setdefault(address, []).append(file)
        return found

    def declaring(self, *address: str) -> list[SourceFile]:
        """Return the files in which a block of that type and these labels may stand, overriding ones last."""
        files = self._declaring.get(address, [])
        in_json = self._declaring[()]
        return files if not in_json else sorted((*files, *in_json), key=lambda file: file.overrides)

    def blocks(self, *address: str) -> list[Block]:
        """Return the blocks of that type and these labels: one, and those that override it."""
        found = (self.block(file, *address) for file in self.declaring(*address))
        return [block for block in found if block is not None]

    def block(self, file: SourceFile, *address: str) -> Block | None:
        """Return the block of that type and these labels in one file."""
        try:
            return file.block(*address)
        except PolicyLoadError as error:
            self.broken[file.text.path] = error
            return None

    def locals(self, name: str) -> list[Block]:
        """Return the blocks of local values in which a name stands."""
        found: list[Block] = []
        for file in self.files:
            found += self._tried(file, lambda file: [*file.locals(name)]) or ()
        return found

    def addresses(self, mode: str, types: Collection[str] | None = None) -> list[tuple[str, ...]]:
        """Return the addresses of blocks of a mode, for example ``resource``, and of some types."""
        return [
            address
            for file in self.files
            if not file.overrides
            for address in self._tried(file, SourceFile.addresses) or ()
            if address[0] == mode and len(address) == _LENGTHS[mode] and (types is None or address[1] in types)
        ]

    def can_read(self, file: SourceFile) -> bool:
        """Return whether all of a file's blocks can be read."""
        return self._tried(file, lambda file: file.index) is not None

    def _tried(self, file: SourceFile, read: Callable[[SourceFile], T]) -> T | None:
        """Return what is read of a file, None if it cannot be; then the error is in ``broken``."""
        if file.text.path in self.broken:
            return None
        try:
            return read(file)
        except PolicyLoadError as error:
            self.broken[file.text.path] = error
            return None

    def is_same(self, other: Directory) -> bool:
        """Return whether another reading of it found the same files, unchanged."""
        mine, others = ((*each.files, *each.values) for each in (self, other))
        return len(mine) == len(others) and all(a is b for a, b in zip(mine, others, strict=True))


Stamp: TypeAlias = tuple[int, int, int]


def stamp(path: str | Path) -> Stamp:
    """Return what changes if a file or directory does: the time of its last change, its size, and which one it is."""
    status = os.stat(path)  # noqa: PTH116 - twice as fast, and asked for every file of every directory
    return status.st_mtime_ns, status.st_size, status.st_ino


@dataclass(frozen=True, slots=True)
class _Reading:
    """A directory as it was read.

    Attributes:
        directory: What was read.
        stamps: The directory itself and each of its files, as they were then.
        size: Characters of its files.
    """

    directory: Directory
    stamps: tuple[tuple[str, Stamp], ...]
    size: int

    def is_fresh(self) -> bool:
        """Return whether nothing has changed since."""
        try:
            return all(stamp(path) == was for path, was in self.stamps)
        except OSError:
            return False


class _Kept:
    """The directories that were read last, up to a number of characters.

    One in which a file was changed just before it was read is not kept: the next change may have the same time.
    """

    def __init__(self, most: int) -> None:
        self._most = self._left = most
        self._readings: OrderedDict[tuple[str, str], _Reading] = OrderedDict()

    def read(self, path: Path, name: str, known: TextSource | None) -> Directory:
        """Return a directory, as it was kept if it is the same still."""
        key = (name, str(path))
        kept = self._readings.get(key)
        if kept is not None:
            if kept.is_fresh():
                self._readings.move_to_end(key)
                return kept.directory
            self._drop(key)
        reading = _read(path, name, known)
        if time.time_ns() - max(was[0] for _, was in reading.stamps) > _RACY and reading.size < self._most:
            self._readings[key] = reading
            self._left -= reading.size
            while self._left < 0:
                self._drop(next(iter(self._readings)))
        return reading.directory

    def clear(self) -> None:
        """Forget everything."""
        self._readings.clear()
        self._left = self._most

    def _drop(self, key: tuple[str, str]) -> None:
        self._left += self._readings.pop(key).size


_KEPT = _Kept(4 * 1024 * 1024)


def read_directory(path: Path, name: str, known: TextSource | None = None) -> Directory:
    """Return the module that stands in a directory; the same object as long as nothing in it changes.

    Args:
        path: The directory.
        name: What messages call it; empty for the current one.
        known: A file of it that was just read.

    Raises:
        PolicyLoadError: It cannot be listed, or holds too many files.
    """
    return _KEPT.read(path, name, known)


def forget() -> None:
    """Forget what was read."""
    _KEPT.clear()


def _read(path: Path, name: str, known: TextSource | None) -> _Reading:
    stamps: list[tuple[str, Stamp]] = []
    broken: dict[str, PolicyLoadError] = {}
    found: list[SourceFile] = []
    for each in _names(path, name, stamps):
        called = posixpath.join(name, each)
        try:
            file = os.path.join(path, each)  # noqa: PTH118 - kept by the thousand
            stamps.append((file, stamp(file)))
            is_known = known is not None and known.path == called
            found.append(SourceFile(known if is_known and known else files.read_text(Path(file), name=called)))
        except PolicyLoadError as error:
            broken[called] = error
        except OSError as error:
            broken[called] = PolicyLoadError(called, f"the system cannot open it: {error.strerror}")
    configuration = sorted((f for f in found if ".tfvars" not in f.name), key=lambda file: file.overrides)
    given = sorted((f for f in found if ".tfvars" in f.name), key=lambda file: not file.name.startswith("terraform."))
    directory = Directory(name, path, tuple(configuration), tuple(given), broken)
    return _Reading(directory, tuple(stamps), sum(len(file.text.text) for file in found))


def _names(path: Path, name: str, stamps: list[tuple[str, Stamp]]) -> list[str]:
    """Return the names of the files that Terraform reads."""
    try:
        stamps.append((str(path), stamp(path)))
        with os.scandir(path) as entries:
            names = sorted(
                entry.name for entry in entries if _is_relevant(entry.name) and entry.is_file(follow_symlinks=False)
            )
    except OSError as error:
        raise PolicyLoadError(name or ".", f"the system cannot list it: {error.strerror}") from error
    names = [each for each in names if superseding(each) not in names]
    if len(names) > MAX_FILES:
        raise PolicyLoadError(name or ".", f"found {len(names):,} files of one module, expected at most {MAX_FILES:,}")
    return names


def superseding(name: str) -> str | None:
    """Return the name of the file that OpenTofu reads instead of one, where both are there."""
    stem, suffix, rest = name.rpartition(".tf")
    return f"{stem}.tofu{rest}" if suffix and rest in ("", ".json") else None


def _is_relevant(name: str) -> bool:
    if name.startswith((".", "#")):
        return False
    return name.endswith((*SUFFIXES, ".auto.tfvars", ".auto.tfvars.json")) or name in (
        "terraform.tfvars", "terraform.tfvars.json",
    )  # fmt: skip


def lone(text: TextSource) -> Directory:
    """Return the module that a text without a directory is."""
    return Directory("", None, (SourceFile(text),))
