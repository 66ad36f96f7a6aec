"""A file with its module: the directory is read once for all of its files, as long as nothing in it changes."""

from __future__ import annotations

import posixpath
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_veeam_iam.sources.terraform import hcl, json_syntax
from pytest_veeam_iam.sources.terraform.directory import SourceFile, lone, read_directory, superseding
from pytest_veeam_iam.sources.terraform.module import Module, Run
from pytest_veeam_iam.sources.terraform.policies import Documents, may_hold
from pytest_veeam_iam.sources.terraform.syntax import Chunk, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_veeam_iam.iam.tree import TextSource
    from pytest_veeam_iam.sources.found import Bindings, Found, Reading
    from pytest_veeam_iam.sources.terraform.directory import Directory
    from pytest_veeam_iam.sources.terraform.syntax import Expression


def documents_of(text: TextSource, reading: Reading) -> list[Found]:
    """Return the policy documents of a file.

    Args:
        text: The file.
        reading: Where it stands, and what is bound.

    Raises:
        PolicyLoadError: The file is not HCL, or declares something twice.
    """
    if not may_hold(text.text, is_json=text.path.endswith(".json")):
        return []
    directory, file = _directory(text, reading)
    if superseding(file.name) in directory.names:
        return []
    return _LAST.documents(directory, reading).of_file(file)


def documents_of_module(text: TextSource, reading: Reading) -> list[Found]:
    """Return the policy documents of all files of a directory, of which one has another text.

    Args:
        text: That file.
        reading: Where it stands, and what is bound.

    Raises:
        PolicyLoadError: A file is not HCL, or declares something twice.
    """
    directory, _ = _directory(text, reading)
    return Documents(Module(directory, Run(reading))).of_all()


def _directory(text: TextSource, reading: Reading) -> tuple[Directory, SourceFile]:
    """Return the module of a file, and the file in it."""
    if reading.path is None:
        directory = lone(text)
        return directory, directory.files[0]
    path = reading.path.parent
    path = Path(posixpath.normpath(path.as_posix())) if ".." in path.parts else path
    directory = read_directory(path, posixpath.dirname(reading.name), text)
    file = next((each for each in directory.files if each.text.path == text.path), None)
    if file is not None and file.text.text == text.text:
        return directory, file
    file = SourceFile(text)
    others = tuple(each for each in directory.files if each.text.path != text.path)
    directory.broken.pop(text.path, None)
    return replace(directory, files=(file, *others)), file


class _Last:
    """The documents of the modules that were read last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._documents: OrderedDict[tuple[object, ...], tuple[Documents, Bindings, Directory]] = OrderedDict()

    def documents(self, directory: Directory, reading: Reading) -> Documents:
        """Return the documents of a directory, with what was found out about it if its files are the same still.

        The files of the modules that it calls may have changed: then so have the documents of this module.
        """
        files = tuple(id(file) for file in (*directory.files, *directory.values))
        key = (directory.name, str(directory.path), str(reading.root), id(reading.bindings), files)
        kept = self._documents.pop(key, None)
        if kept is None or not kept[0].is_fresh():
            kept = (Documents(Module(directory, Run(reading))), reading.bindings, directory)
        self._documents[key] = kept  # holds what the ids in the key are of
        if len(self._documents) > self._most:
            self._documents.popitem(last=False)
        return kept[0]


_LAST = _Last(8)


def texts_of(source: TextSource) -> Mapping[str, str]:
    """Return the values of a file of variables by name.

    Args:
        source: The file.

    Raises:
        PolicyLoadError: It cannot be read.
    """
    parse = json_syntax.parse_arguments if source.path.lower().endswith(".json") else hcl.parse_arguments
    return {name: _written(argument.value) for name, argument in parse(source).items()}


def _written(value: Expression) -> str:
    """Return a string as what it says, anything else as it is written."""
    if isinstance(value, Text):
        return "".join(part.text for part in value.parts if isinstance(part, Chunk))
    return value.source.text[value.start : value.end]
