"""The annotations of a run as logging commands, which Azure Pipelines reads from standard output.

https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands#logissue-log-an-error-or-warning; ``%`` is
``%AZP25`` (microsoft/azure-pipelines-agent, docs/design/percentEncoding.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.printable import seen
from pytest_veeam_iam.reporters import notices

if TYPE_CHECKING:
    from pytest_veeam_iam.evidence import Run
    from pytest_veeam_iam.reporters.notices import Annotation

_IN_A_MESSAGE = str.maketrans({"%": "%AZP25", "\r": "%0D", "\n": "%0A"})
_IN_A_PROPERTY = _IN_A_MESSAGE | str.maketrans({";": "%3B", "]": "%5D"})


def render(run: Run) -> str:
    """Return a line per annotation, or an empty text."""
    return "".join(f"{_command(each)}\n" for each in notices.of(run))


def _command(annotation: Annotation) -> str:
    properties = {
        "type": annotation.kind,
        "sourcepath": annotation.path,
        "linenumber": annotation.line,
        "columnnumber": annotation.column,
        "code": annotation.title,
    }
    said = "".join(f"{name}={_property(value)};" for name, value in properties.items() if value)
    message = seen(annotation.message, keep="\r\n").translate(_IN_A_MESSAGE)
    return f"##vso[task.logissue {said}]{message}"


def _property(value: str | int) -> str:
    return seen(str(value), keep="\r\n").translate(_IN_A_PROPERTY)
