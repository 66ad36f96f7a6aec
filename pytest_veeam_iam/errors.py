"""What can go wrong outside a policy's own answer: every error says what, where and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class VeeamIamError(Exception):
    """Anything this project refuses; its text is complete and needs no traceback to be understood."""


class TargetError(VeeamIamError, ValueError):
    """An argument, option or target names something that cannot be: the message lists what is possible."""


class PolicyLoadError(VeeamIamError):
    """A file or text that cannot be read as an IAM policy.

    Attributes:
        path: The file as it was named, ``<text>`` or ``<mapping>`` for other arguments.
        line: 1-based, or None where the form knows no lines.
        column: 1-based, counted in characters.
        why: What is wrong, without the place.
        remedy: What to do about it, may be empty.
    """

    def __init__(
        self, path: str, why: str, *, line: int | None = None, column: int | None = None, remedy: str = ""
    ) -> None:
        self.path, self.line, self.column, self.why, self.remedy = path, line, column, why, remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        from pytest_veeam_iam import printable  # errors are imported by every run, and shown by few

        place = ":".join(str(part) for part in (self.path, self.line, self.column) if part is not None)
        return printable.line(f"{place}: {self.why}" + (f"; {self.remedy}" if self.remedy else ""))

    def __reduce__(self) -> tuple[object, ...]:
        return _revive_load_error, (self.path, self.why, self.line, self.column, self.remedy)


def _revive_load_error(path: str, why: str, line: int | None, column: int | None, remedy: str) -> PolicyLoadError:
    return PolicyLoadError(path, why, line=line, column=column, remedy=remedy)


class RulePackError(VeeamIamError):
    """A rule pack that is not there or not valid; ``problems`` holds all that is wrong with it, each with its place."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))

    def __reduce__(self) -> tuple[object, ...]:
        return RulePackError, (self.problems,)


class TeamFileError(VeeamIamError):
    """A ``veeam-iam.toml`` that is wrong.

    Attributes:
        file: Its path.
        problems: All that is wrong with it, each with its place.
    """

    def __init__(self, file: str, problems: Sequence[str]) -> None:
        self.file, self.problems = file, tuple(problems)
        super().__init__("\n".join(self.problems))

    def __reduce__(self) -> tuple[object, ...]:
        return TeamFileError, (self.file, self.problems)
