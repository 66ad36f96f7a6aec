"""The HTML report in a real browser: filter, drill-down, copy, themes, a phone, paper, and a page that is hostile.

After each test the fixture ``watched`` says what no page may do: ask for anything, complain, or show a dialog.
"""

from __future__ import annotations

import socket
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from pytest_veeam_iam.reporters.html import render
from tests.reports import pages, runs
from tests.reports.watched import Watched

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

HOSTILE = runs.case(runs.kept(), "'.json")["name"]
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def html() -> str:
    return render(pages.full())


def policy(page: Page, name: str) -> Locator:
    return page.locator("details.policy", has=page.get_by_role("heading", name=name, exact=True))


def shown(page: Page) -> list[str]:
    return page.locator(".policy:not([hidden]) > summary h3").all_text_contents()


def is_open(details: Locator) -> bool:
    return bool(details.evaluate("each => each.open"))


def test_the_matrix_has_a_row_for_each_policy_and_says_in_words_what_falls_short(watched: Watched, html: str) -> None:
    page = watched.open(html)
    table = page.get_by_role("table", name="Granted of required permissions by group")
    assert table.get_by_role("columnheader").all_inner_texts() == [
        *("Policy", "repository", "bucket", "object", "actions", "lint", "Verdict")
    ]
    rows = {
        row.get_by_role("rowheader").inner_text(): row.inner_text().split() for row in table.locator("tbody tr").all()
    }
    assert list(rows) == [
        *("archive", "plan/plan.json", HOSTILE, "policies/conditional.json"),
        *("policies/ready.json", "policies/short.json", "terraform/veeam.tf", "policies/unreadable.json"),
    ]
    told = {name.rpartition("/")[2]: " ".join(words) for name, words in rows.items()}
    assert told["ready.json"] == "policies/ready.json 2/2 5/5 10/10 ok ok ready (acme-veeam)"
    assert told["short.json"] == (
        "policies/short.json 2/2 4/5 1 missing 8/10 1 missing, 1 denied 1 warning ok not ready: 3 not granted"
    )
    assert told["unreadable.json"] == "policies/unreadable.json - - - - - cannot be read"


def test_words_filter_rows_and_policies_and_the_count_is_said(watched: Watched, html: str) -> None:
    page = watched.open(html)
    status = page.get_by_role("status")
    assert status.inner_text() == "8 of 8 shown"
    page.get_by_role("searchbox", name="Filter").fill("RESTOREOBJECT  appendonly")
    assert shown(page) == ["policies/short.json"]
    assert page.locator(".matrix tbody tr:not([hidden]) th").all_text_contents() == shown(page)
    assert status.inner_text() == "1 of 8 shown"
    page.get_by_role("searchbox").fill("nothing has this")
    assert shown(page) == []
    page.get_by_role("searchbox").fill("")
    assert len(shown(page)) == 8


def test_what_is_granted_is_not_searched_but_files_buckets_and_findings_are(watched: Watched, html: str) -> None:
    page = watched.open(html)
    for words, names in {
        "did you mean ec2:StartInstances": ["policies/short.json"],
        "acme-veeam ready policies ready.json": ["policies/ready.json"],
        "platform team": ["archive"],
        "comma": ["policies/unreadable.json"],
        "ListAllMyBuckets ready.json": [],
    }.items():
        page.get_by_role("searchbox").fill(words)
        assert shown(page) == names, words


def test_a_state_filters_and_goes_together_with_words(watched: Watched, html: str) -> None:
    page = watched.open(html)
    page.get_by_role("radio", name="waived 1").check()
    assert shown(page) == ["archive"]
    page.get_by_role("radio", name="cannot be read 1").check()
    assert shown(page) == ["policies/unreadable.json"]
    page.get_by_role("radio", name="not ready 5").check()
    assert page.get_by_role("status").inner_text() == "5 of 8 shown"
    page.get_by_role("searchbox").fill("terraform")
    assert shown(page) == ["terraform/veeam.tf"]
    page.get_by_role("radio", name="all 8").check()
    page.get_by_role("searchbox").fill("")
    assert len(shown(page)) == 8


def test_the_keyboard_alone_opens_a_policy_and_its_statement(watched: Watched, html: str) -> None:
    page = watched.open(html)
    short = policy(page, "policies/short.json")
    excerpt = short.locator("ol.src li", has_text='"AppendOnly"')
    assert not excerpt.is_visible()
    short.locator("> summary").focus()
    page.keyboard.press("Enter")
    assert is_open(short)
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    for _ in range(20):
        page.keyboard.press("Tab")
        if '"AppendOnly"' in page.evaluate("document.activeElement.textContent"):
            break
    page.keyboard.press("Space")
    assert excerpt.is_visible()
    lines = (runs.EXAMPLES / "repository/policies/short.json").read_text("utf-8").splitlines()
    assert lines[int(excerpt.evaluate("each => each.parentElement.start"))].strip() == excerpt.inner_text().strip()


def test_tab_goes_first_past_the_head_of_the_page(watched: Watched, html: str) -> None:
    page = watched.open(html)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the policies"
    assert page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]


def test_all_can_be_opened_and_closed_but_not_what_is_filtered_out(watched: Watched, html: str) -> None:
    page = watched.open(html)
    page.get_by_role("radio", name="not ready 5").check()
    page.get_by_role("button", name="Expand all").click()
    assert page.locator(".policy[open]").count() == 6  # five, and what cannot be read is open anyway
    page.get_by_role("button", name="Collapse all").click()
    assert page.locator(".policy[open]").count() == 0


def test_a_cell_and_an_address_open_what_they_lead_to(watched: Watched, html: str) -> None:
    assert is_open(policy(watched.open(html, "#plan/plan.json"), "plan/plan.json"))
    page = watched.open(html, "#plan/plan.json:bucket")
    assert is_open(policy(page, "plan/plan.json"))
    page.locator(".matrix tbody tr", has_text="terraform/veeam.tf").get_by_role("link", name="0/10").click()
    details = policy(page, "terraform/veeam.tf")
    assert is_open(details)
    assert details.get_by_role("heading", name="Objects").is_visible()
    assert page.url.endswith("#terraform/veeam.tf:object")


def test_the_copy_button_puts_the_diff_on_the_clipboard_as_it_is(watched: Watched) -> None:
    run = pages.full()
    repair = runs.case(run, "short.json")["repair"]
    assert repair is not None
    assert repair["diff"] is not None
    repair["diff"] = diff = repair["diff"].replace("\n", "\r\n") + "+<b>&amp;</b>\t\u00e9\n"
    page = watched.open(render(run), permissions=["clipboard-read", "clipboard-write"])
    policy(page, "policies/short.json").locator("> summary").click()
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == diff


def test_where_the_browser_gives_no_clipboard_the_diff_is_copied_as_a_selection(watched: Watched, html: str) -> None:
    page = watched.open(html, permissions=["clipboard-read"])
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })")
    policy(page, "policies/short.json").locator("> summary").click()
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    page.evaluate("delete navigator.clipboard")
    repair = runs.case(pages.full(), "short.json")["repair"]
    assert repair is not None
    assert page.evaluate("navigator.clipboard.readText()") == repair["diff"]


def test_hostile_text_does_nothing_and_can_be_read(watched: Watched) -> None:
    name = "<img src=x onerror=alert(0)>\u202e & \"'"
    run = pages.renamed(pages.full(), HOSTILE, name)
    runs.case(run, name)["repair"] = runs.repair("a.json", "", "</pre><script>alert(5)</script>\n")
    page = watched.open(render(run))
    page.get_by_role("button", name="Expand all").click()
    details = policy(page, "<img src=x onerror=alert(0)>[U+202E] & \"'")
    for text in ("<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "::error::pwned[U+202E]"):
        assert details.get_by_text(text).first.is_visible()
    assert details.get_by_text("+</pre><script>alert(5)</script>").is_visible()
    assert page.locator("img, svg, iframe").count() == 0
    page.get_by_role("searchbox").fill("<img src=x onerror=alert(0)>")
    assert len(shown(page)) == 1


def test_script_that_got_in_all_the_same_would_not_run_nor_reach_anybody(
    browser: Browser, tmp_path: Path, html: str
) -> None:
    watched = Watched(browser, tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        somebody.settimeout(0.2)
        image = f"<img src='http://127.0.0.1:{somebody.getsockname()[1]}/x.png' onerror='alert(1)'>"
        injected = f"{image}<script>alert(2)</script><p style='color: red'>x</p>"
        page = watched.open(html.replace("<main>", f"<main>{injected}"), is_cut_off=False)
        assert page.evaluate("getComputedStyle(document.querySelector('main > p')).color") == "rgb(26, 31, 38)"
        with pytest.raises(TimeoutError):
            somebody.accept()
    watched.close()
    assert [each for each in watched.seen if each.startswith(("dialog", "error"))] == []
    assert sum("Content Security Policy" in each for each in watched.seen) == 4  # image, handler, script, style


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("by", ["system", "switch"])
def test_both_themes_can_be_read(watched: Watched, html: str, theme: str, by: str) -> None:
    other = {"light": "dark", "dark": "light"}[theme]
    page = watched.open(html, color_scheme=theme if by == "system" else other)
    if by == "switch":
        page.get_by_role("button", name=f"{theme.title()} theme").click()
    assert page.get_by_role("button", name=f"{other.title()} theme").is_visible()
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = page.evaluate(_CONTRASTS)
    assert len(found) > 300
    assert [each for each in found if each["ratio"] < 4.5] == []
    is_dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 20, 24)"
    assert is_dark == (theme == "dark")


_CONTRASTS = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const [r, g, b, a = 1] = numbers(getComputedStyle(element).backgroundColor);
      if (a) return [r, g, b];
    }
  };
  const found = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility() || element.closest("script, style")) continue;
    const [one, two] = [light(numbers(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
    found.push({ text: texts.currentNode.data.trim().slice(0, 40), ratio: (one + 0.05) / (two + 0.05) });
  }
  return found;
}"""


def test_a_phone_scrolls_in_one_direction_only_also_with_long_names(watched: Watched) -> None:
    run = pages.renamed(pages.full(), HOSTILE, "x" * 700)
    runs.case(run, "short.json")["repair"] = runs.repair("a.json", "", "y" * 900)
    page = watched.open(render(run), **PHONE)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    wide = page.evaluate(
        "[...document.querySelectorAll('body *')].filter(each => each.getBoundingClientRect().right > 391)"
        ".map(each => each.outerHTML.slice(0, 80))"
    )
    assert wide == []
    row = page.locator(".matrix tbody tr", has_text="policies/short.json").inner_text()
    assert " ".join(row.split()) == (
        "policies/short.json bucket 4/5 1 missing object 8/10 1 missing, 1 denied actions 1 warning "
        "not ready: 3 not granted"
    )


def test_a_desk_scrolls_in_one_direction_only_with_long_names(watched: Watched) -> None:
    run = pages.renamed(pages.full(), HOSTILE, "x" * 700)
    page = watched.open(render(run))
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == 1280
    assert page.evaluate("document.querySelector('.scroll').scrollWidth") < 1200


def test_paper_shows_everything_in_light_and_no_controls(watched: Watched, html: str) -> None:
    page = watched.open(html, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.get_by_role("searchbox").is_visible()
    assert not page.get_by_role("button").first.is_visible()
    page.emulate_media(media="screen")
    count = "document.querySelectorAll('details:not([open])').length"
    page.evaluate(f"addEventListener('beforeprint', () => window.closed_ = {count})")
    closed = page.locator("details:not([open])").count()
    assert closed > 20
    assert page.pdf(format="A4").startswith(b"%PDF")
    assert page.evaluate("window.closed_") == 0
    assert page.locator("details:not([open])").count() == closed


def test_without_javascript_all_can_be_read_and_nothing_pretends_to_work(watched: Watched, html: str) -> None:
    page = watched.open(html, java_script_enabled=False)
    assert page.get_by_role("button").count() == 0
    assert page.get_by_role("searchbox").count() == 0
    details = policy(page, "policies/short.json")
    details.locator("> summary").click()
    assert details.get_by_text("for git apply").is_visible()


def test_landmarks_and_headings_are_in_order_and_everything_has_a_name(watched: Watched, html: str) -> None:
    page = watched.open(html)
    for role in ("banner", "navigation", "search", "main", "contentinfo"):
        assert page.get_by_role(role).count() == 1, role
    assert page.title() == "1 of 8 ready - IAM policies for Veeam"
    assert page.locator("html").get_attribute("lang") == "en"
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    levels = page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(each => Number(each.localName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    unnamed = page.evaluate(
        "[...document.querySelectorAll('button, input')]"
        ".filter(each => !each.labels.length && !each.textContent.trim()).length"
    )
    assert unnamed == 0
    assert page.evaluate("[...document.querySelectorAll('th')].filter(each => !each.scope).length") == 0
    assert page.evaluate("[...document.querySelectorAll('[role=status]')].length") == 1


def test_nothing_moves_where_somebody_wants_it_still(watched: Watched, html: str) -> None:
    still = watched.open(html, reduced_motion="reduce")
    assert still.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_an_empty_run_is_a_page_as_well(watched: Watched) -> None:
    page = watched.open(render(runs.empty()))
    assert page.get_by_role("heading", level=1).inner_text() == "No policy was checked"
    page.get_by_role("button", name="Dark theme").click()


def test_a_thousand_policies_are_filtered_at_once(watched: Watched) -> None:
    page = watched.open(render(pages.many(1_000)))
    page.get_by_role("searchbox").fill("0123.json")
    assert shown(page) == ["policies/0123.json"]
    assert page.get_by_role("status").inner_text() == "1 of 1,000 shown"
