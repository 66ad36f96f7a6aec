"""A first ``veeam-iam.toml`` for policies that are there: what it says, not where it is written."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_veeam_iam import checks
from pytest_veeam_iam.attachments import by_principal, unit_of
from pytest_veeam_iam.reporters import text
from pytest_veeam_iam.sources import without_repeats

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from pytest_veeam_iam.attachments import Attached
    from pytest_veeam_iam.iam.document import Policy
    from pytest_veeam_iam.report import Report

HEAD = """\
# What our IAM policies for Veeam must grant: `pytest` checks it. Paths are relative to this file.
# Every key is explained in docs/targets.md of pytest-veeam-iam.
"""
WAIVER = """\
# A gap that is accepted for a limited time is written down like this:
# [[waiver]]
# target = "{target}"
# permission = "s3:RestoreObject"
# reason = "no Glacier in this account"
# accepted_by = "platform team"
# expires = 2027-01-31
"""
REASON = "found at adoption"
_INFERRED = ("bucket", "region", "account")


@dataclass(frozen=True)
class Draft:
    """A target to be written.

    Attributes:
        name: Unique.
        keys: ``files`` and what else tells which policies are meant.
        reports: What was found out about them; empty if they cannot be read.
        remark: What the reader should know, or empty.
    """

    name: str
    keys: Mapping[str, object]
    reports: tuple[Report, ...] = ()
    remark: str = ""

    @property
    def gaps(self) -> tuple[str, ...]:
        """Actions and ids of findings that make an item fail today."""
        names = [name for report in self.reports for name in report.gaps]
        names += [each.id for report in self.reports for each in checks.failing(report, "actions")]
        return tuple(dict.fromkeys(names))


def drafts(policies: Mapping[str, Sequence[Policy]], words: Sequence[str]) -> list[Draft]:
    """Return a target for each principal, and for each file whose policies nobody has.

    Args:
        policies: By file, as the targets are to name it.
        words: A principal that mentions one of them is meant, where a file has several.
    """
    units: dict[str, list[str]] = {}
    for name in policies:
        units.setdefault(unit_of(name), []).append(name)
    found: list[Draft] = []
    for unit, names in units.items():
        own = without_repeats(policy for name in names for policy in policies[name])
        pattern = "*.tofu" if all(name.endswith(".tofu") for name in names) else "*.tf"
        files = names[0] if unit in names else f"{unit}/{pattern}" if unit else pattern
        found += _of_unit(files, by_principal(own), words)
    return _named(found)


def _of_unit(files: str, attached: Sequence[Attached], words: Sequence[str]) -> Iterator[Draft]:
    stem = _stem(files)
    if len(attached) < 2:
        yield Draft(attached[0].name or stem if attached else stem, {"files": files})
        return
    holders = [each for each in attached if each.is_principal]
    meant = [each for each in holders if any(word in (each.name or "").lower() for word in words)] or holders
    if len(holders) < len(attached):
        yield Draft(stem, {"files": files, "each": True}, remark="each policy by itself: not all are attached here")
        return
    others = ", ".join(each.name or "" for each in holders if each not in meant)
    for each in meant:
        yield Draft(
            each.name or stem,
            {"files": files, "principal": each.name},
            remark=f"the file has policies of others as well: {others}" if others else "",
        )


def _stem(files: str) -> str:
    """Return what a file, or the directory of a Terraform module, is called."""
    return files.removesuffix("/*.tf").removesuffix("/*.tofu").rpartition("/")[2].partition(".")[0] or "policies"


def _named(found: Sequence[Draft]) -> list[Draft]:
    """Return drafts whose names fit into node ids and are unique; of those with the same, the file tells."""
    wished = [_fitting(each.name) for each in found]
    named: list[Draft] = []
    for each, name in zip(found, wished, strict=True):
        stem = _fitting(_stem(str(each.keys["files"])))
        own = f"{stem}.{name}" if wished.count(name) > 1 and stem != name else name
        taken = [other.name for other in named]
        number = next(number for number in range(1, len(found) + 2) if _numbered(own, number) not in taken)
        named.append(Draft(_numbered(own, number), each.keys, remark=each.remark))
    return named


def _fitting(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", re.sub(r"[]\"]", "", name)).strip("-._") or "target"


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def written(
    targets: Sequence[Draft],
    given: Mapping[str, object],
    *,
    accept_until: date | None = None,
    accepted_by: str | None = None,
) -> str:
    """Return the text of the file.

    Args:
        targets: At least one.
        given: What was said of all of them on the command line and is to be kept.
        accept_until: The last day of a waiver for each gap of today, None for no waivers.
        accepted_by: Who answers for them.
    """
    parts = [HEAD, *_bindings(targets), *("\n".join(_target(each, given)) + "\n" for each in targets)]
    if accept_until:
        waivers = ((each.name, gap) for each in targets for gap in each.gaps)
        parts += [_waiver(target, gap, accept_until, accepted_by or "") for target, gap in waivers]
    else:
        parts.append(WAIVER.format(target=targets[0].name))
    return "\n".join(parts)


def _target(draft: Draft, given: Mapping[str, object]) -> Iterator[str]:
    if draft.remark:
        yield f"# {draft.remark}"
    yield "[[target]]"
    for key, value in ({"name": draft.name} | dict(draft.keys) | dict(given)).items():
        yield f"{key} = {_value(value)}"
    if len(draft.reports) == 1:
        (report,) = draft.reports
        for name in _INFERRED:
            parameter = report.parameters[name]
            if parameter.origin == "inferred":
                yield f"{name} = {_value(parameter.value)}  # inferred"
        for group in report.groups:
            if hint := text.profile_hint(report, group, is_written=True):
                yield f"# {hint.partition(' (')[0]}"
    elif not draft.reports:
        yield "# these policies cannot be read yet: the check says why"


def _bindings(targets: Sequence[Draft]) -> Iterator[str]:
    """Yield the values that the answers hang on, to be filled in."""
    unknown = {
        name
        for each in targets
        for report in each.reports
        for result in report.shortfalls
        for token in result.unknowns
        if not token.symbol
        for name in text.names_to_bind(token.expression)
    }
    if unknown:
        lines = ["# Values that the templates leave open; name them, and the check can tell more.", "# [bind]"]
        yield "\n".join([*lines, *(f'# {_value(expression)} = "..."' for expression in sorted(unknown)), ""])


def _waiver(target: str, gap: str, until: date, accepted_by: str) -> str:
    kind = "permission" if ":" in gap else "finding"
    lines = [
        "[[waiver]]",
        f"target = {_value(target)}",
        f"{kind} = {_value(gap)}",
        f"reason = {_value(REASON)}",
        f"accepted_by = {_value(accepted_by)}",
        f"expires = {until.isoformat()}",
    ]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    """Return a value as TOML has it: its strings may be written as JSON's."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_value(key)} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
