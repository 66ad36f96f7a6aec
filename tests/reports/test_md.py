"""The Markdown report, rendered by another library: short when all is well, whole when not, and text stays text."""

from __future__ import annotations

import copy
import html
import re
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from markdown_it import MarkdownIt

from pytest_veeam_iam.reporters import md
from tests.reports import runs

WAIVER = {
    "permission": None,
    "finding": None,
    "reason": "known",
    "accepted_by": "platform team",
    "expires": "2027-01-31",
    "expired": False,
    "days_left": 65,
    "place": "veeam-iam.toml:1:1",
}

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "a|b||c",
    "`code` ``x`` ```\nfence",
    "**bold** __bold__ *i* _i_ ~~gone~~",
    "[link](https://example.com) ![image](x) <https://example.com>",
    "https://example.com www.example.com mail@example.com",
    "@octocat @org/team",
    "#1 GH-1 org/repo#2",
    "# heading\n- list\n1. list\n> quote\n---\n===",
    "- [ ] task",
    "1. one",
    "+ plus",
    "&lt; &amp; &#64; \\* \\\\",
    "$x^2$ $$y$$ :tada:",
    "a\r\nb\tc\x1b[31m\u202e\x00",
    "</code></details></td><script>alert(1)</script>",
    "|---|\n|x|",
    "<!-- comment",
]


def rendered(text: str) -> BeautifulSoup:
    """As GitHub does it, HTML and all that looks like an address included."""
    parser = MarkdownIt("gfm-like", {"html": True, "linkify": True})
    assert parser.linkify
    parser.linkify.set({"fuzzy_link": False})  # GitHub makes no link of example.com alone
    return BeautifulSoup(parser.render(text), "html.parser")


def only(page: Tag, name: str, class_: str = "") -> Tag:
    """The first element of a name."""
    found = page.find(name, class_=class_) if class_ else page.find(name)
    assert isinstance(found, Tag)
    return found


def shown(text: str) -> str:
    """A text as readers see it: on one line, and what hides is spelt out."""
    return " ".join(
        "".join(each if each.isprintable() else ascii(each)[1:-1] for each in " ".join(text.split())).split()
    )


def words(element: Tag | None) -> str:
    assert element is not None
    return " ".join(element.get_text().split())


def test_when_all_is_well_it_is_a_line_and_a_table() -> None:
    text = md.render(runs.ready())
    page = rendered(text)
    assert words(page.h2) == "veeam-iam: 1 of 1 ready for vb365-s3@8.3"
    assert len(page.find_all("table")) == 1
    assert not page.find_all(["h3", "details", "li"])
    assert len(text.splitlines()) < 15


def test_of_an_empty_run_it_says_so() -> None:
    assert "No policy was checked." in words(rendered(md.render(runs.empty())))


def test_the_table_has_a_row_per_policy_and_a_column_per_group() -> None:
    table = only(rendered(md.render(runs.kept())), "table")
    head, *rows = ([words(cell) for cell in row.find_all(["th", "td"])] for row in table.find_all("tr"))
    assert head == ["policy", "repository", "bucket", "object", "actions", "lint", "verdict"]
    assert ["policies/short.json", "2/2", "4/5", "8/10", "1 to fix", "ok", "not ready"] in rows
    assert ["policies/ready.json", "2/2", "5/5", "10/10", "ok", "ok", "ready"] in rows
    assert ["archive", "2/2", "5/5", "9/10", "ok", "ok", "waived"] in rows
    assert len(rows) == len(runs.kept()["reports"])


def test_what_is_missing_for_the_same_reason_stands_together() -> None:
    page = rendered(md.render(runs.kept()))
    (line,) = [
        each
        for each in page.find_all("li")
        if words(each).startswith("s3:PutObject, ") and "conditional" in words(each)
    ]
    assert words(line).startswith("s3:PutObject, s3:GetObject, s3:DeleteObject,")
    assert "only if aws:SourceIp is in 10.0.0.0/8" in words(line)


def test_what_falls_short_has_its_repair_and_what_remains() -> None:
    page = rendered(md.render(runs.repaired()))
    (details,) = page.find_all("details")
    assert words(details.summary) == "What to add"
    assert '+        "s3:RestoreObject",' in only(details, "code", "language-diff").get_text().splitlines()
    assert "not mended by an addition: s3:DeleteObjectVersion is denied by AppendOnly" in words(page)


def test_waivers_files_and_the_proviso_are_told() -> None:
    page = rendered(md.render(runs.kept()))
    waivers = page.find_all("table")[1]
    assert [words(each) for each in waivers.find_all("td")] == [
        "archive",
        "s3:RestoreObject",
        "2027-01-31 (65)",
        "platform team",
        "restores from Glacier are not tested before the audit",
    ]
    assert any("policies/unreadable.json:4:24" in words(each) for each in page.find_all("li"))
    assert [words(each) for each in page.find_all("sub")][:-1] == runs.kept()["proviso"]


def test_a_waiver_that_has_expired_is_called_so() -> None:
    run = runs.kept()
    runs.case(run, "archive")["waivers"][0] |= {"expired": True, "days_left": -1}
    assert "2027-01-31 (expired)" in words(rendered(md.render(run)))


def test_a_finding_that_is_waived_is_not_to_fix() -> None:
    run = runs.kept()
    case = runs.case(run, "short.json")
    run["reports"] = [case]
    assert "ec2:StartInstance does not exist" in words(rendered(md.render(run)))
    waiver: Any = {**WAIVER, "finding": "unknown_action"}
    expired: Any = {**waiver, "expired": True}
    case["waivers"] = [expired]
    assert "ec2:StartInstance does not exist" in words(rendered(md.render(run)))
    case["waivers"] = [waiver]
    page = rendered(md.render(run))
    assert "ec2:StartInstance does not exist" not in words(page)
    assert "1 to fix" not in [words(each) for each in page.find_all("td")]


def test_a_long_repair_is_left_to_the_report() -> None:
    run = runs.repaired()
    repair = runs.case(run, "short.json")["repair"]
    assert repair
    repair["diff"] = "+x\n" * 5_000
    page = rendered(md.render(run))
    assert not page.find_all("details")
    assert "what to add is too long for this page, and in the report" in words(page)


def test_an_unfinished_run_is_called_so() -> None:
    assert "Incomplete" in words(rendered(md.render({**runs.kept(), "complete": False})).strong)
    assert "Incomplete" not in md.render(runs.kept())


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_wherever_it_stands(text: str) -> None:
    run = runs.repaired()
    run["reports"] = [each for each in run["reports"] if "hostile" not in each["name"]]
    short = runs.case(run, "short.json")
    short["name"] = short["summary"] = text
    lacking = next(each for group in short["groups"] for each in group["permissions"] if each["decision"] == "missing")
    lacking["action"] = text
    archive = runs.case(run, "archive")
    archive["waivers"][0] |= {"reason": text, "accepted_by": text}
    run["unread"][0]["message"] = text
    assert short["repair"]
    short["repair"]["remaining"] = [text]
    page = rendered(md.render(run))
    plain = shown(text)
    assert words(page).count(plain) == 8
    assert not page.find_all(["img", "script", "a", "em", "del", "input", "blockquote", "h1", "hr"])
    assert len(page.find_all("table")) == 2
    assert [words(each) for each in page.find_all("td")][-2:] == [plain, plain]
    assert len(page.find_all("details")) == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_nobody_is_called_and_no_address_is_clickable(text: str) -> None:
    source = md.escape(text)
    for called in re.finditer("[@#]", html.unescape(re.sub("&#(64|35);<!-- -->", "", source))):
        pytest.fail(f"{called[0]} stands before what it would call: {source}")
    assert "://" not in source
    assert "www." not in source


def test_a_repair_with_fences_in_it_stays_in_its_own() -> None:
    run = runs.repaired()
    repair = runs.case(run, "short.json")["repair"]
    assert repair
    repair["diff"] = "+a\n````\n</details><img src=x>\n```\n"
    page = rendered(md.render(run))
    assert only(page, "code", "language-diff").get_text() == repair["diff"]
    assert not page.find_all("img")


def test_without_a_diff_the_statement_is_shown() -> None:
    run = runs.repaired()
    repair = runs.case(run, "short.json")["repair"]
    assert repair
    repair |= {"diff": None, "statements": [{"Effect": "Allow", "Action": "s3:RestoreObject"}]}
    code = only(rendered(md.render(run)), "code", "language-json")
    assert code.get_text() == '{"Effect": "Allow", "Action": "s3:RestoreObject"}\n'


@pytest.mark.parametrize("count", [50, 1_000])
def test_it_is_never_too_long_and_says_what_it_leaves_out(count: int) -> None:
    run = runs.many(count)
    run["unread"] = [{**copy.deepcopy(run["unread"][0]), "message": f"{n}.json: {'x' * 1_000}"} for n in range(count)]
    text = md.render(run)
    assert len(text) < 60_000
    page = rendered(text)
    missing = count - len(only(page, "table").find_all("tr")) + 1
    assert (f"and {missing} more in the report" in words(page)) == (missing > 0)
    short = [case for case in run["reports"] if not case["ready"]]
    told = len([each for each in page.find_all("h3") if "/" in words(each) or "archive" in words(each)])
    assert (f"and {len(short) - told} more in the report" in words(page)) == (len(short) > told)
    assert told > 10
    assert [words(each) for each in page.find_all("sub")][:-1] == run["proviso"]


def test_nor_is_it_too_long_of_long_hostile_texts() -> None:
    run = runs.kept()
    text = "@|" * 10_000
    for case in run["reports"]:
        case["name"] = case["summary"] = text
        for finding in case["findings"]:
            finding["message"] = text
        case["waivers"] = [{**waiver, "reason": text, "accepted_by": text} for waiver in case["waivers"]]
    run["unread"][0]["message"] = text
    shown = md.render(run)
    assert len(shown) < 60_000
    assert shown.count("and 7 more in the report") == 1
    assert shown.count("and 6 more in the report") == 1
    assert shown.count("and 1 more in the report") == 2


def test_a_policy_that_is_ready_and_has_something_to_fix_tells_it() -> None:
    run = runs.kept()
    finding = next(each for each in runs.case(run, "short.json")["findings"] if each["id"] == "unknown_action")
    ready = runs.case(run, "ready.json")
    ready["findings"].append(finding)
    page = rendered(md.render({**run, "reports": [ready], "unread": []}))
    assert "1 to fix" in [words(each) for each in page.find_all("td")]
    assert any("ec2:StartInstance does not exist" in words(each) for each in page.find_all("li"))


def test_in_a_long_table_what_is_not_ready_comes_first() -> None:
    table = only(rendered(md.render(runs.many(1_000))), "table")
    assert "ready" not in [words(row.find_all("td")[-1]) for row in table.find_all("tr")[1:]]
