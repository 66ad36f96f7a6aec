"""Which policies a target is about: files, globs, directories, a principal, and what is said where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Document, Repository

USAGE_ERROR = 4
LOAD = "veeam-iam.toml::prod::load"
STACK = """
Resources:
  Veeam:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}
  Other:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: "*"}]}
"""


def target(**keys: str) -> str:
    """Return a target for the objects of a bucket; values are written as TOML has them."""
    lines = {"name": '"prod"', "bucket": '"acme-veeam"', "groups": '["object"]'} | keys
    return "[[target]]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items())


@pytest.mark.parametrize(
    "files",
    ['"policies"', '"policies/*"', '"policies/**/*.json"', '["policies/a.json", "policies/deep/b.json"]', '"."'],
)
def test_files_are_named_by_path_glob_or_directory(repository: Repository, scoped: Document, files: str) -> None:
    objects: dict[str, Any] = scoped["Statement"][2]
    half = len(objects["Action"]) // 2
    for name, actions in (("a", objects["Action"][:half]), ("deep/b", objects["Action"][half:])):
        statement = {**objects, "Action": actions}
        repository.write(f"policies/{name}.json", {"Version": "2012-10-17", "Statement": [statement]})
    repository.write("policies/package.json", '{"name": "no policy"}')
    repository.write("veeam-iam.toml", target(files=files))
    assert repository.run().counts == {"passed": 3}


def test_files_without_a_policy_are_said_so(repository: Repository) -> None:
    repository.write("conf/a.json", '{"name": "no policy"}')
    repository.write("veeam-iam.toml", target(files='"conf/*.json"'))
    outcome = repository.run()
    assert outcome.failed == [LOAD]
    assert outcome.failure(LOAD) == (
        "veeam-iam.toml:5:1: there is no IAM policy in conf/*.json; name files that hold one"
    )


def test_a_principal_is_looked_for_in_all_files_and_a_broken_one_is_passed_over(repository: Repository) -> None:
    repository.write("infra/stack.yaml", STACK)
    repository.write("infra/broken.json", '{"Statement": [')
    repository.write("veeam-iam.toml", target(principal='"Veeam"'))
    assert repository.run().counts == {"passed": 3}
    repository.write("veeam-iam.toml", target(principal='"Nobody"'))
    outcome = repository.run()
    assert outcome.failed == [LOAD]
    assert outcome.failure(LOAD).endswith('target "prod": no policy of the repository is attached to Nobody')


def test_of_each_file_one_principal_can_be_meant(repository: Repository) -> None:
    repository.write("a/stack.yaml", STACK)
    repository.write("b/stack.yaml", STACK)
    both = target(files='"*/stack.yaml"', each="true")
    repository.write("veeam-iam.toml", both)
    names = [f"{folder}/stack.yaml/{role}" for folder in "ab" for role in ("Veeam", "Other")]
    assert repository.run().failed == [f"veeam-iam.toml::prod::{name}/object" for name in names if "Other" in name]
    repository.write("veeam-iam.toml", both + 'principal = "Veeam"\n')
    assert repository.run().counts == {"passed": 6}
    repository.write("veeam-iam.toml", both + 'principal = "Nobody"\n')
    assert 'principal "Nobody": no policy of these files is attached to it' in repository.run().failure(LOAD)


def test_an_arn_is_the_one_who_calls(repository: Repository, scoped: Document) -> None:
    scoped["Statement"][2]["Condition"] = {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:user/veeam"}}
    repository.write("policy.json", scoped)
    repository.write("veeam-iam.toml", target(files='"policy.json"'))
    assert repository.run().failed == ["veeam-iam.toml::prod::object"]
    arn = '"arn:aws:iam::111122223333:user/veeam"'
    repository.write("veeam-iam.toml", target(files='"policy.json"', principal=arn))
    assert repository.run().counts == {"passed": 3}


def test_form_and_select_say_what_a_file_is(repository: Repository, scoped: Document) -> None:
    repository.write("export.json", {"role": {"policy": scoped}})
    repository.write("veeam-iam.toml", target(files='"export.json"', select='["$.role.policy"]'))
    assert repository.run().counts == {"passed": 3}
    repository.write("veeam-iam.toml", target(files='"export.json"', form='"cloudformation"'))
    assert repository.run().failed == [LOAD]
    repository.write("veeam-iam.toml", target(files='"export.json"', form='"cloudfornation"'))
    assert "did you mean cloudformation?" in repository.run().failure(LOAD)


def test_the_context_can_say_that_a_key_is_absent(repository: Repository, scoped: Document) -> None:
    scoped["Statement"].append(
        {
            "Effect": "Deny",
            "Action": "s3:PutObject",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
        }
    )
    repository.write("policy.json", scoped)
    repository.write("veeam-iam.toml", target(files='"policy.json"'))
    assert repository.run().failed == ["veeam-iam.toml::prod::object"]
    absent = '{ "aws:SourceVpce" = { absent = true } }'
    repository.write("veeam-iam.toml", target(files='"policy.json"', context=absent))
    assert repository.run().counts == {"passed": 3}


def test_an_option_that_does_not_fit_a_target_names_it(repository: Repository, scoped: Document) -> None:
    repository.write("policy.json", scoped)
    repository.write("veeam-iam.toml", target(files='"policy.json"', scenario='"backup"'))
    outcome = repository.run("--veeam-iam", "--veeam-iam-storage-class=GLACIER")
    assert outcome.code == USAGE_ERROR
    assert '(for target "prod", veeam-iam.toml:1:1)' in outcome.errors
