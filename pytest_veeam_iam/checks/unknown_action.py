"""An action does not exist and was meant to be another: it is the name of an API operation, or misspelt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam import catalog
from pytest_veeam_iam.report import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_veeam_iam.checks import Subject

ITEM = "actions"
ESSENTIAL = False

_MOST_NAMED = 3


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for every such name; AWS accepts it, and it stands for nothing."""
    for entry in subject.actions():
        if not catalog.known_to(entry.text):
            api = _named_after(entry.text, subject)
            near = catalog.nearest(entry.text)
            if api:
                what = f"{entry.text} is the name of an API operation; the IAM action is {api}"
            elif near:
                what = f"{entry.text} does not exist; did you mean {' or '.join(near)}?"
            elif set(entry.text) & set("*?"):
                what, near = _of_nothing(entry.text)
            else:
                continue
            yield Finding("unknown_action", Severity.WARNING, what, entry.location, _help((api,) if api else near))


def _help(meant: Sequence[str]) -> str:
    """Return what to write, where one of these actions may be meant."""
    if not meant:
        return "write the names, or a pattern that matches them"
    return f"write {meant[0]}" if len(meant) == 1 else "write the one that is meant"


def _of_nothing(pattern: str) -> tuple[str, tuple[str, ...]]:
    """Return what is to be said of a pattern that matches no action, and those that may be meant."""
    service, _, name = pattern.partition(":")
    services = catalog.near_services(service.lower())
    if service.lower() in services:
        return f"{pattern} matches no action that exists", ()
    near = tuple(f"{each}:{name}" for each in services if catalog.known_to(f"{each}:{name}"))[:_MOST_NAMED]
    what = f"{pattern} matches no action that exists: {service} is no service"
    return f"{what}; did you mean {' or '.join(near)}?" if near else what, near


def _named_after(name: str, subject: Subject) -> str | None:
    meant = {api.lower(): action for api, action in subject.pack.api_names.items()}
    return meant.get(name.lower())
