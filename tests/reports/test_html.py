"""The HTML report as a text: what it says, that it says nothing too well, and what hostile text becomes in it."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from pytest_veeam_iam.reporters.html import render
from pytest_veeam_iam.reporters.html.visible import is_visible, visible
from tests.reports import pages, runs

if TYPE_CHECKING:
    from pytest_veeam_iam.evidence import Run


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))


def text_of(run: Run) -> str:
    return Elements(render(run)).text


def test_its_policy_allows_the_script_and_the_style_of_the_file_and_nothing_else() -> None:
    html = render(pages.full())
    hashes = [
        base64.b64encode(hashlib.sha256(re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)[0].encode()).digest())
        for tag in ("script", "style")
    ]
    script, style = (value.decode() for value in hashes)
    [policy] = [
        attributes["content"]
        for tag, attributes in Elements(html).elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; base-uri 'none'; "
        "form-action 'none'"
    )


def test_no_attribute_holds_code_or_style_and_the_only_way_out_is_the_page_of_the_pack() -> None:
    run = pages.full()
    elements = Elements(render(run)).elements
    names = {name for _, attributes in elements for name in attributes}
    assert not {name for name in names if name.startswith("on") or name in ("style", "src", "srcset", "action")}
    out = [attributes for _, attributes in elements if not str(attributes.get("href", "#")).startswith("#")]
    assert out == [{"href": run["packs"][0]["page"], "rel": "noreferrer"}]


def test_a_pack_of_ones_own_cannot_make_a_link_that_is_code() -> None:
    run = pages.full()
    run["packs"] = [{**run["packs"][0], "page": "javascript:alert(1)"}]
    html = render(run)
    assert 'href="javascript' not in html
    assert "javascript:alert(1)" in html


def test_every_link_within_the_page_leads_somewhere_and_no_name_stands_twice() -> None:
    run = pages.full()
    run["reports"] += [{**run["reports"][0]}, {**run["reports"][1], "name": "top"}, {**run["reports"][1], "name": ""}]
    elements = Elements(render(run)).elements
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    links = {
        str(attributes["href"])[1:] for _, attributes in elements if str(attributes.get("href", "")).startswith("#")
    }
    assert len(ids) == len(set(ids))
    assert links <= set(ids)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Stra\u00dfe \u65e5\u672c", "Stra\u00dfe \u65e5\u672c"),
        ("a\nb\tc", "a\nb\tc"),
        ("a\r\nb", "a\nb"),
        ("a\rb", "a[U+000D]b"),
        ("\x00\x1b[31m", "[U+0000][U+001B][31m"),
        ("a\u202egpj.exe", "a[U+202E]gpj.exe"),
        ("\u2066x\u2069 \u200f \u061c", "[U+2066]x[U+2069] [U+200F] [U+061C]"),
        ("s3\u200b:Get\u2028\u2029", "s3[U+200B]:Get[U+2028][U+2029]"),
        ("\ufeffa\u00a0b\u00ad", "[U+FEFF]a[U+00A0]b[U+00AD]"),
        ("\ud800 \uffff \U000e0041", "[U+D800] [U+FFFF] [U+E0041]"),
    ],
)
def test_characters_that_nobody_sees_are_named(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert is_visible(text) == (shown == text.replace("\r\n", "\n"))


def test_numbers_and_nothing_are_no_text() -> None:
    assert visible(7) == 7
    assert visible(None) is None


def test_hostile_names_and_texts_stand_there_as_text() -> None:
    name = "<img src=x onerror=alert(0)>\u202e\x00\ud800 {{ 7 * 7 }} & \"'`"
    html = render(pages.renamed(pages.full(), runs.case(pages.full(), "'.json")["name"], name))
    assert html.encode("utf-8")
    elements = Elements(html)
    assert not {tag for tag, _ in elements.elements} & {"img", "svg", "iframe", "object"}
    assert [tag for tag, _ in elements.elements].count("script") == 1
    assert "<img src=x onerror=alert(0)>[U+202E][U+0000][U+D800] {{ 7 * 7 }} & \"'`" in elements.text
    assert '"s3:Get</script><script>alert(1)</script>" is neither' in elements.text
    assert "::error::pwned[U+202E]" in elements.text


def test_a_run_that_is_not_complete_says_so_before_anything_else() -> None:
    run = pages.full()
    assert "Incomplete." not in text_of(run)
    run["complete"] = False
    text = text_of(run)
    assert text.index("Incomplete.") < text.index("Overview Granted")
    assert "complete: every test" not in text


def test_only_a_complete_run_in_which_all_is_ready_looks_ready() -> None:
    run = pages.full()
    ready = [case for case in run["reports"] if case["ready"]]
    all_ready: Run = {**run, "reports": ready, "unread": []}
    assert '<header id="top" class="is-ready">' in render(all_ready)
    for other in (run, {**all_ready, "complete": False}, {**all_ready, "unread": run["unread"]}, runs.empty()):
        assert '<header id="top" class="is-not-ready">' in render(other)  # type: ignore[arg-type]


def test_a_policy_that_is_ready_and_fails_a_test_is_no_green() -> None:
    run = pages.full()
    run["unread"] = []
    run["reports"] = [case] = [runs.case(run, "ready.json")]
    failed = next(item for item in case["items"] if item["item"] == "actions")
    failed["outcome"] = "failed"
    html = render(run)
    assert "ready, but actions failed (acme-veeam)" in html
    assert '<header id="top" class="is-not-ready">' in html


def test_what_need_not_be_there_is_not_checked() -> None:
    run = pages.full()
    run["unread"][0]["outcome"] = "skipped"
    html = render(run)
    assert '<span class="verdict is-cannot-be-read">not checked</span>' in html
    assert '<header id="top" class="is-not-ready">' in html


def test_tests_that_did_not_run_are_told_where_others_did() -> None:
    run = pages.full()
    assert "not run" not in text_of(run)
    case = runs.case(run, "ready.json")
    case["items"] = [item for item in case["items"] if item["item"] not in ("bucket", "lint")]
    assert "ready.json2/2bucket 5/5 not run10/10oklint ok not run" in text_of(run)
    case["items"] = []
    assert "not run" not in text_of(run)


def test_an_empty_run_is_no_success() -> None:
    text = text_of(runs.empty())
    assert "No policy was checked" in text
    assert "0 of 0" not in text


def test_it_says_what_the_run_rests_on_and_what_it_does_not_prove() -> None:
    run = pages.full()
    text = text_of(run)
    told = [run["tool"], *run["data"], run["as_of"], str(run["commit"]), str(run["packs"][0]["sha256"])]
    told += run["proviso"]
    told += [str(file["sha256"]) for case in run["reports"] for file in case["policies"]]
    told += ["page of 2025-01-16 (680 days before this run)", "last seen unchanged 2026-07-14 (136 days before)"]
    told += ["bucket policy (not given)", "what the product calls at run time"]
    assert [each for each in told if each not in text] == []


def test_each_permission_that_falls_short_says_all_that_is_known_of_it() -> None:
    run = pages.full()
    text = text_of(run)
    for case in run["reports"]:
        for permission in (each for group in case["groups"] for each in group["permissions"]):
            told = [permission["action"], *permission["resources"], permission["why"], permission["note"]]
            if permission["decision"] != "allowed":
                told += [
                    permission["word"],
                    permission["witness"] or "",
                    *permission["conditions"],
                    *permission["declare"],
                ]
                told += [each["bind"] for each in permission["unknowns"]]
                told += [] if permission["statements"] else [permission["reason"]]
            assert [each for each in told if each not in text] == []


def test_what_a_layer_stops_says_which() -> None:
    run = pages.full()
    short = runs.case(run, "archive")["groups"][-1]["permissions"][5]
    short["blocked_by"] = "boundary"
    assert "blockedby the permissions boundary" in text_of(run)


def test_permissions_that_fall_short_alike_share_a_block_and_their_statement() -> None:
    html = render(pages.full())
    assert html.count("<dt>only if<dd>aws:SourceIp is in 10.0.0.0/8") == 1
    assert "allows each on arn:aws:s3:::acme-veeam/*, if aws:SourceIp is in 10.0.0.0/8" in html


def test_a_recommended_permission_does_not_count_and_says_so() -> None:
    run = pages.full()
    [short, *_] = runs.case(run, "veeam.tf")["groups"][-1]["permissions"]
    short["level"] = "recommended"
    text = text_of(run)
    assert "cannot tell recommended, does not count" in text
    assert "Objects 0/9" in text
    assert "not ready: 16 not granted" in text


def test_line_numbers_are_those_of_an_editor() -> None:
    run = pages.full()
    case = runs.case(run, "ready.json")
    excerpt = next(iter(case["excerpts"].values()))
    excerpt["text"] = '{\r\n  "Sid": "a\u2028b\x0b"\r\n}'
    assert '<ol class="src" start="4"><li>{<li>  &#34;Sid&#34;: &#34;a[U+2028]b[U+000B]&#34;<li>}</ol>' in render(run)


def test_a_statement_is_named_by_its_file_where_there_are_several_and_without_a_line_where_there_is_none() -> None:
    run = pages.full()
    case = runs.case(run, "short.json")
    case["policies"].append({**case["policies"][0], "path": "policies/other.json"})
    excerpt = next(each for each in case["excerpts"].values() if each["sid"] == "FindBuckets")
    excerpt["line"] = None
    text = text_of(run)
    assert 'policies/short.json:169 "AppendOnly" denies' in text
    assert 'policies/short.json "FindBuckets"' in text


def test_a_statement_of_a_plan_is_shown_decoded_with_its_address() -> None:
    text = text_of(pages.full())
    path = "$.planned_values.root_module.resources[1].values.policy"
    assert f"The decoded statement of aws_iam_role_policy.planned, at {path} in plan/plan.json." in text


def test_waivers_say_how_long_they_hold_and_that_they_are_over() -> None:
    text = text_of(pages.full())
    assert "s3:RestoreObject2027-01-3165 daysplatform team" in text
    assert "full_access2026-11-01expired 26 days agoAna" in text


def test_a_change_that_holds_hidden_characters_cannot_be_copied_from_the_page() -> None:
    run = pages.full()
    repair = runs.case(run, "short.json")["repair"]
    assert repair is not None
    assert "data-copy" in render(run)
    repair["diff"] = "+\u202e\n"
    html = render(run)
    assert "data-copy" not in html.replace("[data-copy]", "")
    assert "take it from the JSON report" in html
    assert "\u202e" not in html
    assert "+[U+202E]" in html


def test_a_statement_to_paste_is_no_diff() -> None:
    run = pages.full()
    case = runs.case(run, "short.json")
    assert case["repair"] is not None
    case["repair"] = {**case["repair"], "diff": None, "statement": "- name: x\n", "ready": True, "remaining": []}
    html = render(run)
    assert "To add as a statement" in html
    assert 'class="del"' not in html
    assert "With it the policy was found ready." in html


def test_many_policies_are_told_in_fewer_words_and_the_page_says_so() -> None:
    run = pages.full()
    ready = runs.case(run, "ready.json")
    run["reports"] = [*[ready] * 200, runs.case(run, "veeam.tf")]
    html = render(run)
    assert "The JSON report has every permission, every statement and every note." in html
    assert "RESOURCE_MISMATCH" not in html
    assert "line 23 &#34;Objects&#34;" in html
    shown = html.partition('id="policies"')[2].partition('id="proof"')[0]
    assert shown.count('<ol class="src"') == 1  # that of terraform/veeam.tf, which does not grant


def test_a_thousand_policies_fit_into_three_megabytes() -> None:
    html = render(pages.many(1_000))
    assert html.count('<details class="policy"') == 1_000
    assert len(html.encode()) < 3_000_000
