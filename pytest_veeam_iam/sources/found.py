"""What a form hands on: the policy documents of a file, not yet read, and the values that the user bound."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import TargetError
from pytest_veeam_iam.iam.document import UNATTACHED, Attachment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from pytest_veeam_iam.iam.tree import Node


@dataclass(frozen=True)
class Found:
    """One policy document of a file.

    Attributes:
        read: Returns the document's tree; it may do the work only then.
        entity: What the document belongs to: role name, logical id, Terraform address; None for a plain file.
        attachment: To whom it is attached, and as what.
        assumed: What was assumed to read it, in words.
        buckets: The buckets that the template makes, as a target names them (``tf:aws_s3_bucket.repo``), each with its
            name, or None if that is unknown.
        form: The form that found it; whoever asks a form fills it in.
    """

    read: Callable[[], Node]
    entity: str | None = None
    attachment: Attachment = UNATTACHED
    assumed: tuple[str, ...] = ()
    buckets: tuple[tuple[str, str | None], ...] = ()
    form: str = ""

    @cached_property
    def node(self) -> Node:
        """The document's tree; raises PolicyLoadError if it is none."""
        return self.read()


@dataclass(frozen=True)
class Bindings:
    """Values that are given for unknown expressions, and which of them were asked for.

    Attributes:
        values: Expression as a template writes it (``var.bucket``, ``AWS::AccountId``, ``BucketName``) -> value.
        assume_defaults: Whether a variable or parameter that nobody gave has its declared default.
        used: The expressions that some template asked for.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    assume_defaults: bool = True
    used: set[str] = field(default_factory=set)

    def get(self, expression: str) -> str | None:
        """Return the value of an expression, or None if nobody gave one."""
        if expression in self.values:
            self.used.add(expression)
        return self.values.get(expression)

    @property
    def unused(self) -> tuple[str, ...]:
        """The expressions that were bound and that no template asked for."""
        return tuple(expression for expression in self.values if expression not in self.used)

    def refuse_unused(self, open_expressions: Iterable[str]) -> None:
        """Raise TargetError if something was bound in vain.

        Args:
            open_expressions: What is unknown, one of which may have been meant.
        """
        for expression in self.unused:
            near = get_close_matches(expression, set(open_expressions), n=1, cutoff=0.6)
            hint = f"; did you mean {near[0]}?" if near else "; write the expression as the template does: var.bucket"
            if near == [expression]:
                hint = ": it is made of others; bind those"
            raise TargetError(f'bind "{expression}": nothing uses it{hint}')


@dataclass(frozen=True)
class Reading:
    """What a form may use while it reads a file.

    Attributes:
        bindings: Values that the user gave.
        path: The file, None for a text or mapping.
        name: What messages call the file.
        root: Files that a template names are read only below this directory; None for a text or mapping: none is read.
        form: What to take the document for, None to find out.
        select: JSONPaths of the policies in it, instead of a form.
    """

    bindings: Bindings = field(default_factory=Bindings)
    path: Path | None = None
    name: str = "<mapping>"
    root: Path | None = None
    form: str | None = None
    select: tuple[str, ...] = ()
