"""An action is not listed by some or all of the installed data; it may be newer than that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam import catalog
from pytest_veeam_iam.report import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.checks import Subject

ITEM = "actions"
ESSENTIAL = False


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning if no data set knows it and no name is near, a note if only some know it."""
    for entry in subject.actions():
        unknown = catalog.unknown_to(entry.text)
        if not unknown:
            continue
        known = catalog.known_to(entry.text)
        if known:
            message = f"{entry.text} is known to {', '.join(known)} and not to {', '.join(unknown)}"
            yield Finding("new_action", Severity.NOTE, message, entry.location)
        elif _is_plain(entry.text, subject) and not catalog.nearest(entry.text):
            message = f"{entry.text} is unknown to {', '.join(catalog.data_sets())}; AWS may have added it since"
            help_ = "look the name up; if it is right, bring these packages up to date"
            yield Finding("new_action", Severity.WARNING, message, entry.location, help_)


def _is_plain(name: str, subject: Subject) -> bool:
    """Return whether it is a name that ``unknown_action`` has nothing to say about."""
    return not set(name) & set("*?") and name.lower() not in map(str.lower, subject.pack.api_names)
