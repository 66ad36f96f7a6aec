"""One statement, compiled: how surely does it apply to an action, a resource and what is known of the request?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.certainty import Certainty, all_of, any_of
from pytest_veeam_iam.iam.conditions import all_hold, holds
from pytest_veeam_iam.iam.document import Effect
from pytest_veeam_iam.iam.globs import Glob, Relation, action_glob, action_pattern, relation, resource_glob
from pytest_veeam_iam.iam.variables import pattern_of, without_values

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_veeam_iam.iam.context import Context
    from pytest_veeam_iam.iam.document import Condition, Entry, Problem, Statement
    from pytest_veeam_iam.iam.globs import Pieces, Wanted


class Rule:
    """One statement within its layer, compiled for many questions.

    Args:
        statement: What to compile.
        has_variables: Whether ``${...}`` is a policy variable in its document.
        applies: How surely its principal, and the document as a whole, take in the caller.
        document_problems: Why AWS refuses its document as a whole.

    Attributes:
        caller: How surely it takes in the caller; an Allow that AWS refuses never does.
        globs: The patterns of its resources; None if they need a context.
        is_plain: Whether neither a context nor doubt can change it: an Allow or a Deny of these globs, and that is all.
    """

    __slots__ = (
        "_actions", "_applies", "_context", "_has_variables", "_names", "caller", "document_problems", "globs",
        "is_plain", "statement",
    )  # fmt: skip

    def __init__(
        self,
        statement: Statement,
        *,
        has_variables: bool,
        applies: Certainty = Certainty.ALWAYS,
        document_problems: tuple[Problem, ...] = (),
    ) -> None:
        self.statement = statement
        self.document_problems = document_problems
        self._has_variables = has_variables
        if statement.is_refused:
            applies = Certainty.NEVER if statement.effect is Effect.ALLOW else all_of((applies, Certainty.UNRESOLVED))
        if statement.doubt is not None:
            applies = all_of((applies, Certainty.UNRESOLVED))
        self.caller = applies
        self._context: Context | None = None
        self._applies = applies
        names = [entry.text.lower() for entry in statement.actions if not entry.pieces]
        self._names = frozenset(names)
        self._actions = tuple(action_glob(name) for name in names if "*" in name or "?" in name) + tuple(
            action_pattern(without_values(entry)) for entry in statement.actions if entry.pieces
        )
        needs_context = any(
            not entry.is_known or (has_variables and "${" in entry.text) for entry in statement.resources
        )
        self.globs = None if needs_context else tuple(resource_glob((entry.text,)) for entry in statement.resources)
        self.is_plain = (
            applies is Certainty.ALWAYS
            and not needs_context
            and not statement.conditions
            and not statement.not_resource
        )

    def concerns(self, action: str) -> bool:
        """Return whether it takes in ``action`` (lower case), or whether its actions are ones that AWS refuses."""
        named = action in self._names or any(glob.accepts(action) for glob in self._actions)
        return named is not self.statement.not_action or self._is_refused_in("Action", "NotAction")

    def applies(self, context: Context) -> Certainty:
        """Return how surely it applies to a request, actions and resources apart."""
        if not self.statement.conditions or self.caller is Certainty.NEVER:
            return self.caller
        if context is not self._context:
            held = all_hold(self.statement.conditions, context, variables=self._has_variables)
            self._context, self._applies = context, all_of((self.caller, held))
        return self._applies

    def plainly_covers(self, want: Wanted) -> bool:
        """Return True if its resources surely take in every wanted one; False says nothing."""
        if self.globs is None or self.statement.not_resource:
            return False
        for glob in self.globs:  # noqa: SIM110 - a generator would double the time of the most common question
            if glob.any_resource or relation(glob, want) is Relation.COVERS:
                return True
        return False

    def plainly_misses(self, want: Wanted) -> bool:
        """Return True if its resources surely take in no wanted one; False says nothing."""
        if self.globs is None or self.has_refused_resources:
            return False
        if self.statement.not_resource and want.is_literal:
            return all(any(glob.accepts(name) for glob in self.globs) for name in want.names)
        if self.statement.not_resource:
            return any(relation(glob, want) is Relation.COVERS for glob in self.globs)
        return all(relation(glob, want) is Relation.DISJOINT for glob in self.globs)

    def condition_holds(self, condition: Condition, context: Context) -> Certainty:
        """Return how surely one of its conditions holds."""
        return holds(condition, context, variables=self._has_variables)

    def globs_in(self, context: Context) -> tuple[Glob, ...]:
        """Return the patterns of its resources with the values of ``context``; an absent one is no pattern."""
        if self.globs is not None:
            return self.globs
        resolved = (self._pattern_of(entry, context) for entry in self.statement.resources)
        return tuple(resource_glob(pieces) for pieces in resolved if pieces is not None)

    def _pattern_of(self, entry: Entry, context: Context) -> Pieces | None:
        return pattern_of(entry, context, enabled=self._has_variables)

    def open_resources(self, names: Iterable[str], context: Context) -> tuple[Entry, ...]:
        """Return the entries of its resources that match one of these names or not, as a variable's value has it."""
        if self.globs is not None:
            return ()
        return tuple(
            entry
            for entry in self.statement.resources
            if (pieces := self._pattern_of(entry, context)) is not None
            and (glob := resource_glob(pieces)).certainty is Certainty.DEPENDS
            and any(glob.accepts(name) for name in names)
        )

    def matches(self, names: Iterable[str], context: Context) -> Certainty:
        """Return how surely it applies to the one resource that has all of these names; any of them will do."""
        applies = self.applies(context)
        if applies is Certainty.NEVER or self.has_refused_resources:
            return applies
        globs = self.globs_in(context)
        return all_of((applies, any_of(self._matches_name(name, globs) for name in names)))

    def may_reach(self, want: Wanted, context: Context) -> bool:
        """Return whether it applies for sure to some of the wanted resources, as far as that is plain to see."""
        if self.applies(context) is not Certainty.ALWAYS:
            return False
        globs = [glob for glob in self.globs_in(context) if glob.certainty is Certainty.ALWAYS]
        relations = [relation(glob, want) for glob in globs]
        if self.statement.not_resource:
            return Relation.COVERS not in relations
        return any(found is not Relation.DISJOINT for found in relations)

    def _matches_name(self, name: str, globs: tuple[Glob, ...]) -> Certainty:
        matched = any_of(glob.certainty for glob in globs if glob.accepts(name))
        return ~matched if self.statement.not_resource else matched

    @property
    def has_refused_resources(self) -> bool:
        """Whether nobody can say which resources it is about."""
        return self._is_refused_in("Resource", "NotResource")

    def _is_refused_in(self, *elements: str) -> bool:
        problems = self.statement.problems
        return bool(problems) and any(problem.element in elements for problem in problems)
