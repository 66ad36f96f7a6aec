"""A waived gap is shown as waived and never as passed, until its last day is over; then it is red."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.plugin.conftest import Document, Outcome, Repository

USAGE_ERROR = 4
TARGET = '[[target]]\nname = "prod"\nfiles = "policy.json"\nbucket = "acme-veeam"\n'
OBJECT = "veeam-iam.toml::prod::object"
REASON = "waived until 2027-01-31 (platform team): s3:RestoreObject; 9 of 10 granted"


def waiver(name: str = "s3:RestoreObject", *, kind: str = "permission", by: str = "platform team") -> str:
    return (
        f'[[waiver]]\ntarget = "prod"\n{kind} = "{name}"\nreason = "no Glacier"\n'
        f'accepted_by = "{by}"\nexpires = 2027-01-31\n'
    )


class Team:
    """A repository whose only policy lacks some actions of the objects."""

    def __init__(self, repository: Repository, policy: Document) -> None:
        self._repository, self._policy = repository, policy
        self.junit = repository.junit

    def lacks(self, *actions: str) -> None:
        for action in actions:
            self._policy["Statement"][2]["Action"].remove(action)
        self._repository.write("policy.json", self._policy)

    def waives(self, *waivers: str) -> None:
        self._repository.write("veeam-iam.toml", TARGET + "".join(waivers))

    def run(self, *arguments: str, on: str = "2026-11-27") -> Outcome:
        return self._repository.run("-rfEs", f"--veeam-iam-as-of={on}", *arguments)


@pytest.fixture
def team(repository: Repository, scoped: Document) -> Team:
    team = Team(repository, scoped)
    team.lacks("s3:RestoreObject")
    team.waives(waiver())
    return team


def closing(outcome: Outcome) -> list[str]:
    return [line for line in outcome.table if "warning: the waiver" in line]


def test_a_waived_gap_is_skipped_and_the_summary_says_not_ready(team: Team) -> None:
    outcome = team.run()
    assert outcome.counts == {"passed": 5, "skipped": 1}
    assert f"SKIPPED [1] policy.json:1: {REASON}" in outcome.lines
    assert outcome.table[:3] == [
        "      archiver-appliance  repository  bucket  object  actions  lint",
        "prod  28/28               2/2         5/5     9/10    ok       ok    not ready, 1 waived (acme-veeam)",
        "0 of 1 ready for vb365-s3 8.3, profile documented. 1 not ready, but all that it lacks is waived.",
    ]
    assert closing(outcome) == []


def test_junit_has_the_reason_of_the_skip(team: Team) -> None:
    case = team.junit("--veeam-iam-as-of=2026-11-27")["veeam-iam.toml.prod.object"]
    [skipped] = case.iter("skipped")
    assert skipped.get("message") == REASON
    told = {each.get("name"): each.get("value") for each in case.iter("property")}
    assert told["veeam_iam.target"] == "prod"
    assert told["veeam_iam.waived"] == "s3:RestoreObject"
    assert told["veeam_iam.ready"] == "False"


def test_the_workers_of_xdist_tell_it_as_well(team: Team) -> None:
    assert team.run("-n", "2").table == team.run().table


@pytest.mark.parametrize(
    ("day", "counts"),
    [
        ("2027-01-30", {"passed": 5, "skipped": 1}),
        ("2027-01-31", {"passed": 5, "skipped": 1}),
        ("2027-02-01", {"passed": 5, "failed": 1}),
    ],
)
def test_its_last_day_counts(team: Team, day: str, counts: Mapping[str, int]) -> None:
    assert team.run(on=day).counts == counts


@pytest.mark.parametrize(
    ("epoch", "counts"), [(1801439999, {"passed": 5, "skipped": 1}), (1801440000, {"passed": 5, "failed": 1})]
)
def test_the_day_is_that_of_utc(
    team: Team, repository: Repository, monkeypatch: pytest.MonkeyPatch, epoch: int, counts: Mapping[str, int]
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(epoch))  # 2027-01-31T23:59:59Z and one second later
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    assert repository.run().counts == counts


def test_an_expired_waiver_is_red_and_says_so(team: Team) -> None:
    outcome = team.run(on="2027-02-01")
    assert outcome.failed == [OBJECT]
    assert outcome.failure(OBJECT).splitlines()[0] == (
        "s3:RestoreObject missing (1 of 10, acme-veeam); "
        "the waiver of s3:RestoreObject expired on 2027-01-31 (veeam-iam.toml:5:1)"
    )
    assert outcome.table[1].endswith("not ready: 1 not granted")
    assert closing(outcome) == []


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2027-01-16", None),
        ("2027-01-17", "in 14 days"),
        ("2027-01-30", "in 1 day"),
        ("2027-01-31", "today"),
        ("2027-02-01", None),
    ],
)
def test_the_end_is_announced_two_weeks_ahead(team: Team, day: str, said: str | None) -> None:
    line = f"veeam-iam.toml:5:1: warning: the waiver of s3:RestoreObject (prod) ends {said}, on 2027-01-31"
    assert closing(team.run(on=day)) == ([line] if said else [])


def test_an_item_is_skipped_only_if_all_of_its_gaps_are_waived(team: Team) -> None:
    team.lacks("s3:PutObject")
    outcome = team.run()
    assert outcome.failed == [OBJECT]
    failure = outcome.failure(OBJECT)
    assert failure.startswith("s3:PutObject missing, s3:RestoreObject missing (2 of 10, acme-veeam)")
    assert "  s3:RestoreObject  missing, waived until 2027-01-31 (platform team): no Glacier" in failure
    assert outcome.table[1].endswith("not ready: 1 not granted, 1 waived")
    team.waives(waiver(), waiver("s3:PutObject", by="storage team"))
    outcome = team.run()
    assert outcome.counts == {"passed": 5, "skipped": 1}
    assert (
        "waived until 2027-01-31 (storage team): s3:PutObject; "
        "waived until 2027-01-31 (platform team): s3:RestoreObject; 8 of 10 granted" in outcome.text
    )
    assert outcome.table[1].endswith("not ready, 2 waived (acme-veeam)")


def test_a_waiver_that_waives_nothing_any_more_is_a_warning(team: Team) -> None:
    team.waives(waiver(), waiver("s3:PutObject"))
    warning = "veeam-iam.toml:11:1: warning: the waiver of s3:PutObject (prod) waives nothing any more: remove it"
    assert closing(team.run()) == [warning]
    assert closing(team.run(on="2027-03-01")) == [warning]
    assert closing(team.run("veeam-iam.toml::prod::bucket")) == []


def test_a_finding_can_be_waived(team: Team, repository: Repository, scoped: Document) -> None:
    scoped["Statement"][2]["Action"].append("s3:RestoreObject")
    scoped["Statement"][0]["Sid"] = "Not alone"
    repository.write("policy.json", scoped)
    assert team.run().failed == ["veeam-iam.toml::prod::lint"]
    team.waives(waiver("refused_character", kind="finding"))
    outcome = team.run()
    assert outcome.counts == {"passed": 5, "skipped": 1}
    assert "waived until 2027-01-31 (platform team): refused_character; the Sid" in outcome.text
    assert outcome.table[1].endswith("not ready, 1 waived (acme-veeam)")


def test_the_truth_can_be_asked_for(team: Team) -> None:
    outcome = team.run("--veeam-iam-no-waivers")
    assert outcome.failed == [OBJECT]
    assert "waive" not in "\n".join(outcome.table)


def test_a_policy_outside_of_targets_is_never_waived(team: Team, repository: Repository, scoped: Document) -> None:
    repository.write("other.json", scoped)
    assert team.run("--veeam-iam", "other.json").failed == ["other.json::object"]


def test_a_wrong_day_is_refused(team: Team, repository: Repository) -> None:
    for wrong in ("soon", "2027-02-30", "20270131", "2027-01-31T00"):
        outcome = team.run("--veeam-iam", on=wrong)
        assert outcome.code == USAGE_ERROR
        assert f"--veeam-iam-as-of={wrong}: write a date, for example 2027-01-31" in outcome.errors
