"""What is wrong in ``veeam-iam.toml`` is said with its place and what is possible: at once, and for every mistake.

It stops the run of whoever typed ``--veeam-iam``; for everybody else it is one item that fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Document, Repository

USAGE_ERROR = 4
ADD = "def test_add():\n    assert 1 + 1 == 2\n"
TARGET = '[[target]]\nname = "prod"\nfiles = "policy.json"\n'
WAIVER = (
    '[[waiver]]\ntarget = "prod"\npermission = "s3:RestoreObject"\n'
    'reason = "r"\naccepted_by = "a"\nexpires = 2027-01-31\n'
)

WRONG = {
    # in the file as a whole
    "empty": ("# nothing\n", "1:1: it says nothing; add a [[target]]"),
    "no TOML": ("[[target]\n", "1:9: "),
    "a backslash": (TARGET.replace("policy.json", r"C:\Users\policy.json"), "3:14: "),
    "a hint for Windows": (
        TARGET.replace("policy.json", r"C:\Users\policy.json"),
        "write a Windows path with / or in single",
    ),
    "unknown table": (
        TARGET + "[targets]\n",
        '4:1: "targets" is no key of the file (did you mean target?); possible are bind',
    ),
    "a table for a list": (
        '[target]\nname = "prod"\n',
        "1:1: target is not a list of tables; write [[target]] above its keys",
    ),
    "bind is a list": ("bind = []\n" + TARGET, "1:1: bind is not a table of values; write lines of the form"),
    # in a target
    "no name": ('[[target]]\nfiles = "policy.json"\n', '1:1: a target has no name; add name = "..."'),
    "odd name": (TARGET.replace("prod", "a::b"), '2:1: name "a::b" does not fit into a node id; use letters'),
    "name twice": (TARGET + TARGET, '5:1: target "prod" is there twice (line 2); rename one'),
    "unknown key": (
        TARGET + 'buckets = "a"\n',
        '4:1: "buckets" is no key of a target (did you mean bucket?); possible are name',
    ),
    "no policies": ('[[target]]\nname = "prod"\n', '1:1: target "prod" has no policies; add files = '),
    "an ARN names no file": (
        '[[target]]\nname = "prod"\nprincipal = "arn:aws:iam::111122223333:user/veeam"\n',
        '3:1: target "prod" has no policies: the files do not name a principal by its ARN; add files',
    ),
    "empty text": (
        TARGET + 'bucket = ""\n',
        '4:1: bucket is not a text or a list of texts; write bucket = ["...", "..."]',
    ),
    "number": (
        TARGET + "account = 111122223333\n",
        '4:1: account is not a text that is not empty; write account = "..."',
    ),
    "no flag": (TARGET + 'each = "yes"\n', "4:1: each is not true or false; write each = true"),
    "levels": (
        TARGET + 'service_control_policies = "scp.json"\n',
        "4:1: service_control_policies is not a list of levels",
    ),
    "context": (TARGET + 'context = ["a"]\n', "4:1: context is not a table of condition keys; write context = { "),
    "choice": (
        TARGET + 'when_missing = "skipp"\n',
        '4:1: when_missing = "skipp" is not known (did you mean skip?); write "fail" or',
    ),
    "profile and groups": (
        TARGET + 'profile = "a"\ngroups = "b"\n',
        '5:1: target "prod" has profile and groups; a profile',
    ),
    "form and select": (TARGET + 'form = "json"\nselect = "$"\n', '5:1: target "prod" has form and select; '),
    # values that a pack does not have
    "pack": (TARGET + 'pack = "vbr"\n', '4:1: target "prod": '),
    "profile": (TARGET + 'profile = "documentd"\n', '4:1: target "prod": "documentd" is not a profile'),
    "groups": (TARGET + 'groups = ["objects"]\n', '4:1: target "prod": "objects" is not a group'),
    "bucket": (
        TARGET + 'bucket = "arn:aws:s3:::a"\n',
        '4:1: target "prod": bucket "arn:aws:s3:::a": write the name alone',
    ),
    "prefix": (TARGET + 'prefix = "Veeam/*"\n', '4:1: target "prod": prefix "Veeam/*" holds a wildcard'),
    "region": (TARGET + 'region = "Frankfurt"\n', '4:1: target "prod": region "Frankfurt": write a region\'s code'),
    "account": (TARGET + 'account = "123"\n', '4:1: target "prod": account "123": write the 12 digits'),
    "partition": (TARGET + 'partition = "azure"\n', '4:1: target "prod": partition "azure": write aws, aws-cn'),
    "scenario": (TARGET + 'scenario = "restore"\n', '4:1: target "prod": "restore" is not a scenario'),
    "storage class": (TARGET + 'scenario = "backup"\nstorage_class = "GLACIER"\n', '5:1: target "prod": '),
    # bindings that nothing uses
    "bind": (
        '[bind]\n"var.bucket" = "a"\n' + TARGET,
        '2:1: bind "var.bucket": nothing uses it; the templates leave nothing open',
    ),
    "bind without quotes": ('[bind]\nvar.bucket = "a"\n' + TARGET, '2:1: bind "var.bucket": nothing uses it'),
    "bind of a target": (TARGET + 'bind = { "var.bucket" = "a" }\n', '4:10: bind "var.bucket": nothing uses it'),
    # in a waiver
    "unknown key of a waiver": (
        TARGET + WAIVER + 'until = "x"\n',
        '10:1: "until" is no key of a waiver; possible are target',
    ),
    "waiver of no target": (
        TARGET + WAIVER.replace("prod", "prd"),
        '5:1: target = "prd" is not in this file (did you mean prod?)',
    ),
    "waiver of nothing": (
        TARGET + WAIVER.replace("permission", "# "),
        "4:1: a waiver waives either a permission or a finding",
    ),
    "waiver of both": (
        TARGET + WAIVER + 'finding = "refused"\n',
        "4:1: a waiver waives either a permission or a finding",
    ),
    "no reason": (TARGET + WAIVER.replace("reason", "# "), '4:1: a waiver has no reason; add reason = "..."'),
    "nobody": (TARGET + WAIVER.replace("accepted_by", "# "), "4:1: a waiver has no accepted_by"),
    "no end": (TARGET + WAIVER.replace("expires", "# "), "4:1: a waiver has no expires; add expires = 2027-01-31"),
    "no date": (
        TARGET + WAIVER.replace("2027-01-31", '"soon"'),
        "9:1: expires is not a date; write expires = 2027-01-31",
    ),
    "a time": (TARGET + WAIVER.replace("2027-01-31", "2027-01-31T12:00:00"), "9:1: expires is not a date"),
    "unknown permission": (
        TARGET + WAIVER.replace("RestoreObject", "RestorObject"),
        '6:1: permission = "s3:RestorObject" is none of vb365-s3 8.3 (did you mean s3:RestoreObject?)',
    ),
    "a permission that is not needed": (
        TARGET + 'groups = "bucket"\n' + WAIVER,
        "7:1: prod does not need s3:RestoreObject; remove the waiver",
    ),
    "unknown finding": (
        TARGET + WAIVER.replace('permission = "s3:RestoreObject"', 'finding = "refusd"'),
        '6:1: finding = "refusd" is no finding (did you mean refused?); possible are ',
    ),
    "waived twice": (TARGET + WAIVER + WAIVER, "10:1: s3:RestoreObject of prod is waived twice (line 4); remove one"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_a_usage_error_for_whoever_typed_the_flag(
    repository: Repository, example: Document, name: str
) -> None:
    text, message = WRONG[name]
    repository.write("policy.json", example)
    repository.path.joinpath("veeam-iam.toml").write_text(text, "utf-8")
    outcome = repository.run("--veeam-iam")
    assert outcome.code == USAGE_ERROR
    assert (f"veeam-iam.toml:{message}" if message[0].isdigit() else message) in outcome.errors
    assert "Traceback" not in outcome.errors + outcome.text
    assert outcome.errors.isascii()


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_one_item_that_fails_for_everybody_else(
    repository: Repository, example: Document, name: str
) -> None:
    text, message = WRONG[name]
    repository.write("policy.json", example)
    repository.write("test_a.py", ADD)
    repository.path.joinpath("veeam-iam.toml").write_text(text, "utf-8")
    outcome = repository.run()
    assert outcome.failed == ["veeam-iam.toml::configuration"]
    assert message in outcome.failure("veeam-iam.toml::configuration")
    assert outcome.counts["passed"] >= 1
    assert repository.run("test_a.py").counts == {"passed": 1}


def test_everything_that_is_wrong_is_said_at_once(repository: Repository, example: Document) -> None:
    repository.write("policy.json", example)
    text = TARGET + 'region = "a"\nbuckets = "a"\n' + WAIVER.replace("reason", "reson").replace("prod", "dev")
    repository.write("veeam-iam.toml", text)
    failure = repository.run().failure("veeam-iam.toml::configuration").splitlines()
    assert [line.partition(":")[2].partition(":")[0] for line in failure] == ["5", "6", "7", "9"]


def test_the_workers_of_xdist_say_the_same(repository: Repository, example: Document) -> None:
    repository.write("policy.json", example)
    repository.write("test_a.py", ADD)
    repository.write("veeam-iam.toml", TARGET + 'buckets = "a"\n')
    assert repository.run("-n", "2").failed == ["veeam-iam.toml::configuration"]
    repository.write("veeam-iam.toml", '[bind]\n"var.bucket" = "a"\n' + TARGET)
    assert repository.run("-n", "2").failed == ["veeam-iam.toml::configuration"]
    outcome = repository.run("-n", "2", "--veeam-iam")
    assert outcome.code == USAGE_ERROR
    assert 'bind "var.bucket": nothing uses it' in outcome.text


def test_both_files_are_a_mistake(repository: Repository, example: Document) -> None:
    repository.write("policy.json", example)
    repository.write("veeam-iam.toml", TARGET)
    repository.write("pyproject.toml", TARGET.replace("[[target]]", "[[tool.veeam-iam.target]]"))
    outcome = repository.run("--veeam-iam")
    assert outcome.code == USAGE_ERROR
    assert (
        "veeam-iam.toml and [tool.veeam-iam] in pyproject.toml are both there; move one into the other"
        in outcome.errors
    )
    assert repository.run().failed == ["pyproject.toml::configuration"]


def test_a_mistake_in_the_project_file_has_its_place_there(repository: Repository, example: Document) -> None:
    repository.write("policy.json", example)
    repository.write(
        "pyproject.toml", "[project]\n" + TARGET.replace("[[target]]", "[[tool.veeam-iam.target]]") + "x = 1\n"
    )
    outcome = repository.run()
    assert outcome.failed == ["pyproject.toml::configuration"]
    assert outcome.failure("pyproject.toml::configuration").startswith('pyproject.toml:5:1: "x" is no key of a target;')


def test_a_value_that_was_typed_is_not_blamed_on_the_file(repository: Repository, example: Document) -> None:
    repository.write("policy.json", example)
    repository.write("veeam-iam.toml", TARGET)
    outcome = repository.run("--veeam-iam", "--veeam-iam-bind=var.bucket=a")
    assert outcome.code == USAGE_ERROR
    assert '--veeam-iam-bind: bind "var.bucket": nothing uses it' in outcome.errors
