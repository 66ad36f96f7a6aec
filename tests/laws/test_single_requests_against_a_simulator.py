"""Single requests have definite answers: ours are those of iam-simulate, but where that is known to differ from AWS.

It runs where the environment variable VEEAM_IAM_BENCH_NODE_MODULES names a node_modules folder with
``@cloud-copilot/iam-simulate`` (AGPL: a program of its own, never imported, copied or shipped) and node is there.
"""

from __future__ import annotations

import json
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("benchmarks.simulator", reason="the benchmarks are not part of this distribution")

from benchmarks.simulator import VARIABLE, Simulator, deviations, installed
from benchmarks.simulator.deviations import KNOWN_DEVIATIONS, in_its_words
from benchmarks.simulator.requests import cases
from pytest_veeam_iam import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.simulator.requests import Case

if installed() is None:
    reason = f"{VARIABLE} names no node_modules folder with iam-simulate"
    pytest.skip(reason, allow_module_level=True)

pytestmark = pytest.mark.slow

ASKED, COMPARED = 11_000, 10_000
SEED = 20250116
NAMES = {"Allowed": "allowed", "ExplicitlyDenied": "denied", "ImplicitlyDenied": "missing"}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    folder = installed()
    assert folder is not None
    with Simulator(folder) as running:
        yield running


def theirs(simulator: Simulator, asked: list[Case]) -> list[str]:
    return [NAMES.get(answer, answer) for answer in simulator.decide(asked)]


def ours(case: Case) -> str:
    return evaluate(
        case["policies"],
        case["action"],
        case["resource"],
        permissions_boundary=case["boundary"],
        service_control_policies=case["levels"],
        context=case["context"],
        complete_context=True,
    ).decision.value


def test_both_give_the_same_answer_to_ten_thousand_requests(simulator: Simulator) -> None:
    pairs = [(case, words) for case in cases(Random(SEED), ASKED) if (words := in_its_words(case)) is not None]
    answers = theirs(simulator, [words for _, words in pairs])

    differing = [(answer, case) for answer, (case, _) in zip(answers, pairs, strict=True) if ours(case) != answer]
    assert [json.dumps(each) for each in differing] == []
    assert len(pairs) >= COMPARED
    assert set(Counter(answers)) == set(NAMES.values())
    assert min(Counter(answers).values()) > COMPARED / 10


@pytest.mark.parametrize("deviation", KNOWN_DEVIATIONS, ids=lambda each: each.__name__)
def test_few_requests_are_left_out_for_a_deviation(deviation: Callable[[Case], Case | None]) -> None:
    asked = list(cases(Random(SEED), 1000))
    assert sum(deviation(case) is None for case in asked) < len(asked) / 40


def request(resource: str = "arn:aws:s3:::acme/x", **statement: Any) -> Case:
    """Return a request of one statement; what it does not name is an Allow of the request itself."""
    service = resource.split(":")[2] if resource != "*" else "s3"
    action = {"ec2": "ec2:StartInstances", "s3": "s3:ListAllMyBuckets" if resource == "*" else "s3:GetObject"}[service]
    entry = {} if "NotResource" in statement else {"Resource": "*"}
    version = statement.pop("Version", "2012-10-17")
    context = statement.pop("context", {})
    document = {"Version": version, "Statement": [{"Effect": "Allow", "Action": action} | entry | statement]}
    return {
        "policies": [document],
        "boundary": None,
        "levels": [],
        "action": action,
        "resource": resource,
        "context": context,
    }


def in_an_scp(case: Case) -> Case:
    allows_all = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    return case | {"policies": [allows_all], "levels": [case["policies"]]}


INSTANCE = "arn:aws:ec2:eu-central-1:111122223333:instance/i-0a1"
IPV6 = {"aws:SourceIp": "2001:0db8:0::1"}

EXAMPLES: dict[Callable[[Case], Case | None], tuple[str, Case]] = {
    deviations.a_resource_that_is_no_arn: ("missing", request(Resource="not an ARN")),
    deviations.variables_before_2012: (
        "missing",
        request(Version="2008-10-17", Resource="arn:aws:s3:::acme/${aws:username}", context={"aws:username": "x"}),
    ),
    deviations.list_buckets_on_an_arn: ("allowed", request("*", Resource="arn:aws:s3:::*")),
    deviations.networks_of_everything: (
        "allowed",
        request(Condition={"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, context={"aws:SourceIp": "10.0.0.1"}),
    ),
    deviations.epoch_dates: (
        "allowed",
        request(
            Condition={"DateLessThan": {"aws:CurrentTime": "1900000000"}},
            context={"aws:CurrentTime": "2030-01-31T00:00:00Z"},
        ),
    ),
    deviations.single_ipv6_hosts: (
        "allowed",
        request(Condition={"IpAddress": {"aws:SourceIp": "2001:db8::1"}}, context=IPV6),
    ),
    deviations.stars_that_cross_colons: (
        "allowed",
        request("arn:aws:s3:::acme/a:b", Resource="arn:aws:s3:*:acme/a:b"),
    ),
    deviations.line_feeds: ("allowed", request("arn:aws:s3:::acme/a\nb", Resource="arn:aws:s3:::acme/*")),
    deviations.fields_in_capitals: ("missing", request(Resource="arn:AWS:s3:::acme/*")),
    deviations.variables_without_a_value_in_not_resource: (
        "allowed",
        request(NotResource="arn:aws:s3:::acme/${aws:username}"),
    ),
    deviations.short_arns_in_not_resource: ("allowed", request(INSTANCE, NotResource="arn:aws:ec2:us-east-1")),
    deviations.negated_variables_without_a_value: (
        "allowed",
        request(
            Condition={"StringNotEquals": {"aws:PrincipalTag/team": "${aws:username}"}},
            context={"aws:PrincipalTag/team": "a"},
        ),
    ),
    deviations.escaped_wildcards_in_equals: (
        "allowed",
        request(Condition={"StringEquals": {"aws:username": "${*}"}}, context={"aws:username": "*"}),
    ),
    deviations.single_ipv4_hosts: (
        "allowed",
        request(Condition={"NotIpAddress": {"aws:SourceIp": "10.0.0.1"}}, context=IPV6),
    ),
    deviations.sets_of_an_empty_value: (
        "missing",
        request(
            Condition={"ForAnyValue:StringNotEquals": {"aws:PrincipalTag/team": "a"}},
            context={"aws:PrincipalTag/team": ""},
        ),
    ),
    deviations.any_value_if_exists: (
        "allowed",
        request(Condition={"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "a"}}),
    ),
    deviations.short_arns_in_an_scp: ("allowed", in_an_scp(request(Resource="arn:aws:s3"))),
    deviations.wildcards_in_the_resource_type: ("allowed", request(INSTANCE, Resource="arn:aws:ec2:*:*:inst*/i-0a1")),
}
"""For every deviation what we answer to a request, with AWS's documentation, and the simulator does not."""


@pytest.mark.parametrize("deviation", KNOWN_DEVIATIONS, ids=lambda each: each.__name__)
def test_the_simulator_still_deviates(simulator: Simulator, deviation: Callable[[Case], Case | None]) -> None:
    """If it no longer does, requests of this kind can be compared as they are: take the deviation out of the list."""
    expected, case = EXAMPLES[deviation]
    assert ours(case) == expected
    assert theirs(simulator, [case]) != [expected]
    words = deviation(case)
    assert words is None or theirs(simulator, [words]) == [expected]
