"""A policy that was broken at random is repaired, or it is said why not; and no part of the repair is too much."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_veeam_iam import check_veeam_backup_ready, suggest_repair
from pytest_veeam_iam.repair.change import Change, NewStatement, changed
from pytest_veeam_iam.repair.edits import Splice, spliced
from pytest_veeam_iam.repair.engine import propose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_veeam_iam import Report
    from pytest_veeam_iam.repair.engine import Proposal
    from tests.policy_documents import Document

law = settings(max_examples=int(os.environ.get("REPAIRS", "40")), deadline=None)
"""``REPAIRS=1000`` for a longer run."""

SHIPPED = Path(__file__).parents[2] / "policies" / "vb365-s3"
WHOLE = [
    json.loads((SHIPPED / name).read_text("utf-8"))["Statement"]
    for name in ("vendor-example.json", "one-bucket/documented.json")
]
RESOURCES = [
    "arn:aws:s3:::acme-veeam", "arn:aws:s3:::acme-veeam/*", "arn:aws:s3:::acme-veeam/Veeam/*", "arn:aws:s3:::other/*",
    "arn:aws:s3:::*", "*", "acme-veeam/*", "arn:aws:s3::", "arn:aws:ec2:*:*:instance/*",
    "arn:aws:ec2:eu-central-1:111122223333:*", "arn:aws:ec2:*:111122223333:*",
]  # fmt: skip
CONDITION = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
NAMES = {"s3:ListBucket": "s3:HeadBucket", "s3:RestoreObject": "s3:RestorObject", "s3:GetObject": "s3GetObject"}


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@st.composite
def broken_statements(draw: st.DrawFn) -> list[Document]:
    """Some statements of a whole policy: left out, split, misspelt, on other resources, and in part conditional."""
    found: list[Document] = []
    for statement in draw(st.sampled_from(WHOLE)):
        actions = listed(statement["Action"])
        fate = draw(st.sampled_from(["keep", "keep", "keep", "thin", "thin", "drop", "move", "split", "odd"]))
        if fate == "drop":
            continue
        if fate in ("thin", "split"):
            kept = [action for action in actions if draw(st.integers(0, 3))]
            rest = [action for action in actions if action not in kept]
            found += [{**statement, "Action": kept}] if kept else []
            found += [{"Effect": "Allow", "Action": rest, "Resource": statement["Resource"]}] * (
                fate == "split" and bool(rest)
            )
        elif fate == "move":
            moved = draw(st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=2, unique=True))
            found.append({**statement, "Resource": moved if len(moved) > 1 else moved[0]})
        else:
            found.append(
                {**statement, "Action": [NAMES.get(each, each) for each in actions] if fate == "odd" else actions}
            )
    return found


@st.composite
def broken_policies(draw: st.DrawFn) -> list[Document]:
    statements = draw(broken_statements())
    also = st.sampled_from([
        None, None, None, None,
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*", "Condition": CONDITION},
        {"Effect": "Deny", "Action": "s3:DeleteObject*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:Put*", "Resource": "*", "Condition": CONDITION},
        {"Effect": "Allow", "Action": "s3:PutObject", "NotResource": "acme-veeam/*"},
        {"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:s3:::acme-veeam"},
    ])  # fmt: skip
    extra = draw(also)
    statements += [extra] if extra else []
    draw(st.randoms(use_true_random=False)).shuffle(statements)
    cut = draw(st.integers(0, len(statements))) if draw(st.booleans()) else len(statements)
    parts = [part for part in (statements[:cut], statements[cut:]) if part] or [statements]
    return [{"Version": "2012-10-17", "Statement": part} for part in parts]


TARGETS: st.SearchStrategy[dict[str, Any]] = st.sampled_from([
    {}, {}, {"bucket": "acme-veeam"}, {"bucket": ["acme-veeam", "other"]}, {"bucket": "acme-veeam", "prefix": "Veeam"},
    {"bucket": "acme-*"}, {"region": "eu-central-1", "account": "111122223333"}, {"groups": ["bucket", "object"]},
    {"profile": "without-archiver-appliance"}, {"list_buckets_on_s3_arn": False},
])  # fmt: skip


def smaller(change: Change) -> Iterator[Change]:
    """Yield a change without each of its parts."""
    for number, actions in change.added.items():
        for action in actions:
            yield replace(change, added={**change.added, number: tuple(each for each in actions if each != action)})
    for index, new in enumerate(change.new):
        others = change.new[:index], change.new[index + 1 :]
        yield replace(change, new=(*others[0], *others[1]))
        for part in _smaller(new):
            yield replace(change, new=(*others[0], part, *others[1]))
    for number in change.removed:
        yield replace(change, removed=change.removed - {number})
    for number in change.pruned:
        yield replace(change, pruned={each: change.pruned[each] for each in change.pruned if each != number})


def _smaller(new: NewStatement) -> Iterator[NewStatement]:
    for action in new.actions if len(new.actions) > 1 else ():
        yield replace(new, actions=tuple(each for each in new.actions if each != action))
    for resource in new.resources if len(new.resources) > 1 else ():
        yield replace(new, resources=tuple(each for each in new.resources if each != resource))


def ready_with(report: Report, proposal: Proposal, number: int, change: Change) -> bool:
    changes = {**proposal.changes, number: change}
    policies = [
        changed(policy, changes[index]) if index in changes else policy for index, policy in enumerate(report.policies)
    ]
    assert report.check_again is not None
    return report.check_again(policies).ready


@law
@given(broken_policies(), TARGETS)
def test_what_is_repaired_is_ready_and_no_part_of_it_is_too_much(
    policies: list[Document], target: dict[str, Any]
) -> None:
    report = check_veeam_backup_ready(policies, lint=False, **target)
    proposal = propose(report)
    if report.ready:
        return
    assert proposal.ready or proposal.remaining
    if not proposal.ready:
        return
    after = check_veeam_backup_ready(list(proposal.policies), lint=False, **target)
    assert after.ready, after.explain()
    for number, change in proposal.changes.items():
        for less in smaller(change):
            assert not ready_with(report, proposal, number, less), less


@law
@given(broken_policies(), TARGETS)
def test_the_repaired_document_is_ready_by_itself(policies: list[Document], target: dict[str, Any]) -> None:
    (policy, *_) = policies
    report = check_veeam_backup_ready(policy, **target)
    repair = suggest_repair(report)
    assert repair.ready or repair.remaining
    assert repair.policy is not None
    after = check_veeam_backup_ready(repair.policy, **target)
    assert after.ready is repair.ready
    granted = {each.action for each in report.results() if each.granted}
    assert granted <= {each.action for each in after.results() if each.granted}
    kept = [each for each in policy["Statement"] if each["Effect"] == "Deny" or "Condition" in each]
    assert all(each in repair.policy["Statement"] for each in kept)  # type: ignore[operator]


def in_terraform(value: str) -> str:
    return f'resource "aws_iam_policy" "veeam" {{\n  policy = {value}\n}}\n'


FILES: dict[str, tuple[str, Callable[[Document], str]]] = {
    "JSON": ("p.json", lambda policy: json.dumps(policy, indent=2)),
    "JSON with tabs": ("p.json", lambda policy: json.dumps(policy, indent="\t").replace("\n", "\r\n")),
    "JSON in one line": ("p.json", lambda policy: json.dumps(policy, separators=(",", ":"))),
    "YAML": ("p.yaml", lambda policy: yaml.safe_dump(policy, sort_keys=False)),
    "YAML with lists in one line": (
        "p.yaml",
        lambda policy: yaml.safe_dump(policy, sort_keys=False, default_flow_style=None, width=1000),
    ),
    "YAML between braces": ("p.yaml", lambda policy: yaml.safe_dump(policy, default_flow_style=True)),
    "jsonencode": ("main.tf", lambda policy: in_terraform(f"jsonencode({json.dumps(policy, indent=2)})")),
    "heredoc": ("main.tf", lambda policy: in_terraform(f"<<EOT\n{json.dumps(policy, indent=4)}\nEOT")),
}


@law
@given(broken_statements(), st.sampled_from(list(FILES)))
def test_what_is_repaired_is_a_change_of_its_file(statements: list[Document], form: str) -> None:
    name, render = FILES[form]
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / name
        before = render({"Version": "2012-10-17", "Statement": statements})
        file.write_bytes(before.encode())
        repair = suggest_repair(check_veeam_backup_ready(file, lint=False))
        if not (repair.statements or repair.taken_out):
            return
        assert repair.diff is not None
        file.write_bytes(spliced(before, [Splice(e.start, e.end, e.text) for e in repair.edits]).encode())
        assert check_veeam_backup_ready(file, lint=False).ready is repair.ready
