"""What is said of a template must hold for every value that it leaves open: none of them may prove it wrong."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pytest_veeam_iam import evaluate
from pytest_veeam_iam.iam.authorization import Decision
from pytest_veeam_iam.target import target_of
from pytest_veeam_iam.unknowns import bind, settle
from tests.templates import template

REPO = "tf:aws_s3_bucket.repo"
VALUES = ("", "a", "b", "ab", "*", "a/b", "?", "b/*")
NAMES = ("a", "b", "ab", "ba", "aab", "a.b")
POSSIBLE = {
    Decision.ALLOWED: {Decision.ALLOWED},
    Decision.DENIED: {Decision.DENIED},
    Decision.PARTLY_DENIED: {Decision.PARTLY_DENIED, Decision.DENIED},
    Decision.MISSING: {Decision.MISSING, Decision.DENIED, Decision.PARTLY_DENIED},
    Decision.PARTIAL: set(Decision) - {Decision.ALLOWED},
}
"""What a template's answer can become when its values are known."""


def texts(*holes: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(["a", "b", "/", "*", "?", "repo", "tf:", *holes]), min_size=1, max_size=4).map(
        "".join
    )


def statements(resources: st.SearchStrategy[str], actions: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    def statement(effect: str, action: tuple[str, list[str]], resource: tuple[str, list[str]]) -> dict[str, Any]:
        return {"Effect": effect, action[0]: action[1], resource[0]: resource[1]}

    arns = resources.map(lambda text: f"arn:aws:s3:::{text}")
    return st.lists(
        st.builds(
            statement,
            st.sampled_from(["Allow", "Allow", "Deny"]),
            st.tuples(st.sampled_from(["Action", "Action", "NotAction"]), st.lists(actions, min_size=1, max_size=2)),
            st.tuples(st.sampled_from(["Resource", "Resource", "NotResource"]), st.lists(arns, min_size=1, max_size=2)),
        ),
        min_size=1,
        max_size=3,
    )


ACTIONS = st.sampled_from(["s3:GetObject", "s3:*", "s3:PutObject", "s3:<<var.verb>>Object", "<<var.actions>>"])
ASKED = st.sampled_from(["arn:aws:s3:::a", "arn:aws:s3:::a/b", "arn:aws:s3:::ab/*", "arn:aws:s3:::b*"])


@given(statements(texts("<<var.x>>"), ACTIONS), ASKED, st.data())
def test_what_is_certain_of_a_template_is_so_for_every_value(document: Any, asked: str, data: st.DataObject) -> None:
    open_ = template(*document)
    told = evaluate(open_, "s3:GetObject", asked).decision
    values = {
        "var.x": data.draw(st.sampled_from(VALUES)),
        "var.verb": data.draw(st.sampled_from(["Get", "Put", "*"])),
        "var.actions": data.draw(st.sampled_from(["s3:GetObject", "s3:*", "iam:*"])),
    }
    (bound,) = bind([open_], values.get)
    found = evaluate(bound, "s3:GetObject", asked).decision
    assert found in POSSIBLE.get(told, set(Decision))


@given(statements(texts(f"<<{REPO}.id>>"), st.sampled_from(["s3:GetObject", "s3:*"])), st.sampled_from(NAMES))
def test_what_is_granted_on_the_bucket_of_a_template_is_granted_whatever_its_name_is(document: Any, name: str) -> None:
    open_ = template(*document, buckets={REPO: None})
    target = target_of(bucket=REPO)
    settled = settle([open_], target)
    for key in ("", "/*", "/a*"):
        told = evaluate(settled, "s3:GetObject", f"arn:aws:s3:::{REPO}{key}").decision
        if told in (Decision.ALLOWED, Decision.DENIED):
            (named,) = bind([open_], {"aws_s3_bucket.repo.id": name}.get)
            assert evaluate(named, "s3:GetObject", f"arn:aws:s3:::{name}{key}").decision is told
