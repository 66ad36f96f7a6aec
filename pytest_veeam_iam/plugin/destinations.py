"""Where reports go: what was asked for is looked at before the run, and written whole or not at all after it."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_veeam_iam import reporters
from pytest_veeam_iam.errors import TargetError
from pytest_veeam_iam.rulepacks import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STANDARD_OUTPUT = "-"
_JOB_SUMMARY = "GITHUB_STEP_SUMMARY"
"""A file that several steps of a job may write to, so that it is appended to.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions#adding-a-job-summary
"""


@dataclass(frozen=True, slots=True)
class Destination:
    """One report that was asked for.

    Attributes:
        form: The name of its reporter.
        path: The file, or None for standard output.
        is_shared: Whether it is appended to what is there.
    """

    form: str
    path: Path | None
    is_shared: bool = False

    def write(self, text: str) -> None:
        """Write the file: another process sees the old one or the whole new one; raises OSError if it cannot be."""
        path = self.path
        if path is None:
            return
        if self.is_shared or (path.exists() and not path.is_file()):
            with path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(text)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def destinations(specs: Sequence[str], base: Path, environment: Mapping[str, str]) -> tuple[Destination, ...]:
    """Return the reports that were asked for.

    Args:
        specs: ``FORMAT:PATH``, or a path whose suffix is a format; the path ``-`` is standard output.
        base: What relative paths are relative to.
        environment: Names the job summary of a CI.

    Raises:
        TargetError: For a format that does not exist, a file that cannot be written, or one that is named twice.
    """
    found = tuple(_destination(spec, base, environment) for spec in specs)
    paths = [each.path for each in found if each.path]
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice:
        raise TargetError(f"--veeam-iam-report: {twice.name} is named twice; each report needs a file of its own")
    return found


def _destination(spec: str, base: Path, environment: Mapping[str, str]) -> Destination:
    names = reporters.names()
    form, colon, rest = spec.partition(":")
    if not (colon and form in names):
        form, rest = Path(spec).suffix.lstrip(".").lower(), spec
        if form not in names:
            raise TargetError(_refusal(spec, names))
    if not rest:
        raise TargetError(f"--veeam-iam-report={spec}: write a path behind the colon, or - for standard output")
    if rest == _STANDARD_OUTPUT:
        return Destination(form, None)
    path = base / rest
    shared = environment.get(_JOB_SUMMARY)
    destination = Destination(form, path, is_shared=bool(shared) and Path(shared or "") == path)
    _try(destination, spec)
    return destination


def _refusal(spec: str, names: Sequence[str]) -> str:
    asked = spec.partition(":")[0] if ":" in spec else Path(spec).suffix.lstrip(".")
    hint = did_you_mean(asked, names) if asked else ""
    possible = f"formats are {', '.join(names)}"
    return f"--veeam-iam-report={spec}: no format is told by that{hint}; write FORMAT:PATH, {possible}"


def _try(destination: Destination, spec: str) -> None:
    """Refuse a file that could not be written: to learn that after the run would be too late."""
    path = destination.path
    if path is None:
        return
    try:
        if path.is_dir():
            raise IsADirectoryError(0, "it is a directory")
        if not path.exists() or path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=path.parent):
                pass
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(0, "it is read-only")
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or str(error)).lower()
        raise TargetError(f"--veeam-iam-report={spec}: {why}; name a file that can be written") from error
