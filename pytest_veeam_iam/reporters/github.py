"""The annotations of a run as workflow commands, which GitHub Actions reads from standard output.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message; what is
escaped, and how, is what the runner takes back (actions/runner, ActionCommand).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.printable import seen
from pytest_veeam_iam.reporters import notices

if TYPE_CHECKING:
    from pytest_veeam_iam.evidence import Run
    from pytest_veeam_iam.reporters.notices import Annotation

_IN_A_MESSAGE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_A_PROPERTY = _IN_A_MESSAGE | str.maketrans({":": "%3A", ",": "%2C"})


def render(run: Run) -> str:
    """Return a line per annotation, or an empty text."""
    return "".join(f"{_command(each)}\n" for each in notices.of(run))


def _command(annotation: Annotation) -> str:
    properties = {
        "file": annotation.path,
        "line": annotation.line,
        "col": annotation.column,
        "title": annotation.title,
    }
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    message = seen(annotation.message, keep="\r\n").translate(_IN_A_MESSAGE)
    return f"::{annotation.kind} {said}::{message}"


def _property(value: str | int) -> str:
    return seen(str(value), keep="\r\n").translate(_IN_A_PROPERTY)
