"""Bytes of an untrusted file to text, within bounds: it decides what may be read and must not know what the text means.

A repository under test is written by others: it may hold links out of itself, devices, pipes that nobody writes to, and
files of any size.
"""

from __future__ import annotations

import codecs
import glob
import os
import stat
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import TextSource

if TYPE_CHECKING:
    from collections.abc import Collection

MIB = 1024 * 1024
DEFAULT_LIMIT = 10 * MIB
"""How many bytes a file may have unless the caller knows better."""

NAMED_LIMIT = 256 * MIB
"""How many bytes a file may have that somebody named: the dump of a large account."""

NEVER_ENTERED = frozenset({".git", ".terraform", "node_modules", ".venv", "venv", "__pycache__"})
"""Names of directories that hold no sources of the repository itself."""

_BLOCK = 256 * 1024
_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, ""),  # begins like the mark of UTF-16, so it comes first
    (codecs.BOM_UTF32_BE, ""),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MOUNT_POINT = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT: a junction, which Windows does not call a link


def read_text(path: Path, *, name: str, limit: int = DEFAULT_LIMIT) -> TextSource:
    """Read a regular file as UTF-8, or as UTF-16 if it begins with a byte order mark.

    Args:
        path: The file; a link is followed, because whoever may not follow it asks ``inside`` first.
        name: What messages call it, with ``/``.
        limit: The most bytes it may have.

    Returns:
        The text without byte order mark, its line ends kept.

    Raises:
        PolicyLoadError: There is no such file, it cannot be read, it is no regular file, it is too large, or it is not
            text in those encodings; never blocks.
    """
    try:
        data = _read(path, name, limit)
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from error
    return _decode(data, name)


def begins_with_mark(path: Path) -> bool:
    """Return whether a file that was read begins with a byte order mark of UTF-8; another encoding is an error.

    Raises:
        PolicyLoadError: It cannot be read, or is UTF-16.
    """
    try:
        with path.open("rb") as file:
            data = file.read(len(codecs.BOM_UTF8))
    except (OSError, ValueError) as error:
        raise _unreadable(path.as_posix(), error) from error
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise PolicyLoadError(path.as_posix(), "it is UTF-16, which git takes for binary", remedy="save it as UTF-8")
    return data == codecs.BOM_UTF8


def absolute(base: Path, name: str) -> Path:
    """Return a path without ``..``, as pytest makes it; Path.resolve would follow links as well."""
    return Path(os.path.abspath(base / name))  # noqa: PTH100


def matching(pattern: str, base: Path) -> list[Path]:
    """Return the files and directories that a path or glob stands for, sorted."""
    names = glob.glob(pattern, root_dir=base, recursive=True)  # noqa: PTH207 - Path.glob refuses absolute patterns
    return sorted({absolute(base, name) for name in names})


def repository_of(path: Path) -> Path:
    """Return the directory below which a file may name others: its repository.

    Args:
        path: A file, absolute or relative to the current directory.

    Returns:
        The nearest directory above it with a ``.git``; else the current directory if the file is below it, else the
        file's own directory.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 - Path.resolve would follow links
    for folder in path.parents:
        if (folder / ".git").exists():
            return folder
    here = Path.cwd()
    return here if path.is_relative_to(here) else path.parent


def in_repository(root: Path, name: str) -> str:
    """Return how git names a file: relative to the directory with its ``.git``; as it is named if there is none.

    Args:
        root: The directory that the name is relative to.
        name: The file, with ``/``.
    """
    path = absolute(root, name)
    folder = repository_of(path)
    has_git = (folder / ".git").exists()
    return path.relative_to(folder).as_posix() if has_git or Path(name).is_absolute() else Path(name).as_posix()


def inside(root: Path, path: Path) -> bool:
    """Tell whether a file that the repository names may be read.

    Args:
        root: The directory nothing may be read outside of; may be reached by a link itself.
        path: The file, absolute or relative to the current directory.

    Returns:
        True only if ``path`` is a regular file inside ``root`` and neither it nor a directory between them is a link.
    """
    try:
        written, root, path = root.absolute(), root.resolve(strict=True), path.absolute()
        if not path.resolve(strict=True).is_relative_to(root) or not stat.S_ISREG(path.lstat().st_mode):
            return False
        steps = [path, *path.parents]
        if written in steps:
            top = steps.index(written)
        else:  # of several ways to the root the outermost: a link in it may lead back to it
            top = max(number for number, step in enumerate(steps) if step.resolve(strict=True) == root)
        return not any(step.is_symlink() for step in steps[:top])
    except (OSError, RuntimeError, ValueError):  # no such file, a loop (RuntimeError before 3.13), a NUL, no way
        return False


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that a walk left out.

    Attributes:
        path: Of the file or directory, beginning with the root of the walk.
        why: What it is, to follow the path and a colon.
        unreadable: True for a directory that should have been searched and could not be: what is in it is not known.
    """

    path: Path
    why: str
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """What is below a directory.

    Attributes:
        files: Every regular file, sorted by path.
        skipped: Every directory that was not entered and every file that is not a regular one, sorted by path.
    """

    files: tuple[Path, ...]
    skipped: tuple[Skipped, ...]


def walk(root: Path, *, skip: Collection[str] = ()) -> Walk:
    """List the files below a directory, following no link.

    Args:
        root: The directory; paths of the result begin with it as it is written.
        skip: Further patterns (``fnmatch``, upper and lower case distinct) of names of directories not to enter.

    Returns:
        The files, and what was left out, in the same order on every system.

    Raises:
        PolicyLoadError: ``root`` itself cannot be listed.
    """
    files: list[Path] = []
    skipped: list[Skipped] = []
    pending = [root]
    while pending:
        directory = pending.pop()
        try:
            with os.scandir(directory) as entries:
                found = [
                    (Path(entry.path), _left_out(entry, skip), entry.is_dir(follow_symlinks=False)) for entry in entries
                ]
        except (OSError, ValueError) as error:
            if directory is root:
                raise _unreadable(root.as_posix(), error) from error
            skipped.append(Skipped(directory, _unreadable("", error).why, unreadable=True))
            continue
        skipped += [Skipped(path, why) for path, why, _ in found if why]
        pending += [path for path, why, is_directory in found if is_directory and not why]
        files += [path for path, why, is_directory in found if not is_directory and not why]
    files.sort(key=lambda path: path.parts)
    skipped.sort(key=lambda left_out: left_out.path.parts)
    return Walk(tuple(files), tuple(skipped))


def _left_out(entry: os.DirEntry[str], skip: Collection[str]) -> str:
    """Say why a walk does not take this entry, or nothing if it does."""
    if _is_link(entry):
        return "it is a link"
    if not entry.is_dir():
        return "" if entry.is_file() else f"it is {_kind(entry.stat(follow_symlinks=False).st_mode)}"
    if entry.name in NEVER_ENTERED:
        return f"directories named {entry.name} are not searched"
    return next((f'its name matches "{pattern}"' for pattern in skip if fnmatchcase(entry.name, pattern)), "")


def _is_link(entry: os.DirEntry[str]) -> bool:
    if sys.platform == "win32" and entry.stat(follow_symlinks=False).st_reparse_tag == _MOUNT_POINT:
        return True
    return entry.is_symlink()


def _read(path: Path, name: str, limit: int) -> bytes:
    """Read at most ``limit`` bytes, having asked before and after opening what it is."""
    _check(path.stat(), name, limit)
    flags = os.O_RDONLY
    for flag in ("O_BINARY", "O_CLOEXEC", "O_NOCTTY", "O_NONBLOCK"):  # which of them exist depends on the system
        flags |= getattr(os, flag, 0)
    with os.fdopen(os.open(path, flags), "rb", buffering=0) as file:
        _check(os.fstat(file.fileno()), name, limit)
        blocks, size = [], 0
        while block := file.read(_BLOCK):
            blocks.append(block)
            size += len(block)
            if size > limit:
                raise _too_large(name, "more", limit)
    return b"".join(blocks)


def _check(status: os.stat_result, name: str, limit: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise PolicyLoadError(
            name, f"found {_kind(status.st_mode)}, expected a regular file", remedy="name a file that holds the text"
        )
    if status.st_size > limit:
        raise _too_large(name, f"{status.st_size:,} bytes", limit)


def _kind(mode: int) -> str:
    return next((kind for test, kind in _KINDS if test(mode)), "no regular file")


def _too_large(name: str, found: str, limit: int) -> PolicyLoadError:
    bound = f"{limit // MIB} MiB" if limit % MIB == 0 else f"{limit:,} bytes"
    return PolicyLoadError(name, f"found {found}, expected at most {bound}", remedy="leave it out, or split it")


def _unreadable(name: str, error: Exception) -> PolicyLoadError:
    """Say in the user's words why the system did not open a file or directory."""
    match error:
        case FileNotFoundError():
            return PolicyLoadError(name, "there is no such file", remedy="check how its name is written")
        case PermissionError():
            return PolicyLoadError(
                name, "this user is not permitted to read it", remedy="give the user that runs the tests read access"
            )
        case OSError(strerror=str() as reason):
            return PolicyLoadError(name, f"the system cannot open it: {reason}", remedy="check how its name is written")
    return PolicyLoadError(name, f"the system cannot open it: {error}", remedy="check how its name is written")


def _decode(data: bytes, name: str) -> TextSource:
    mark, encoding = next(((mark, codec) for mark, codec in _BYTE_ORDER_MARKS if data.startswith(mark)), (b"", "utf-8"))
    if not encoding:
        raise PolicyLoadError(name, "found UTF-32, expected UTF-8", line=1, column=1, remedy="save it as UTF-8")
    data = data[len(mark) :]
    try:
        source = TextSource(name, data.decode(encoding))
    except UnicodeDecodeError as error:
        before = TextSource(name, data[: error.start].decode(encoding))
        called = encoding[:6].upper()
        why = f"found the byte 0x{data[error.start]:02X}, expected a whole character of {called}"
        raise _at(before, len(before.text), why) from error
    if "\0" in source.text:
        why = "found U+0000 (NUL), expected text"
        raise _at(source, source.text.index("\0"), why)
    return source


def _at(source: TextSource, offset: int, why: str) -> PolicyLoadError:
    place = source.locate(offset)
    return PolicyLoadError(source.path, why, line=place.line, column=place.column, remedy="save it as UTF-8")
