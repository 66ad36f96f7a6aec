"""The site's own step, a hook of MkDocs: a link that leads out of ``docs`` leads to a copy of that file in the site.

On the host of the code such links work as they are written. A directory cannot be shown, so that its name stands alone.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File, Files

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
COPIES = "files"
"""Where the copies are, below the site's root."""

_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add every file that a page links to outside of ``docs``; if it is a page itself, what it links to as well."""
    pages = list(files.documentation_pages())
    while pages:
        page = pages.pop()
        for match in _LINK.finditer(page.content_string):
            path = _target(match[3], page.src_uri)
            if _is_outside(path) and (ROOT / path).is_file() and files.get_file_from_path(_name(path)) is None:
                copy = File.generated(config, _name(path), abs_src_path=str(ROOT / path))
                files.append(copy)
                pages += [copy] if copy.is_documentation_page() else []
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return a page whose links stay inside of the site."""
    del config
    here = page.file.src_uri

    def replaced(match: re.Match[str]) -> str:
        bang, text, link, anchor = match.groups()
        path = _target(link, here)
        if files.get_file_from_path(_name(path)) is None:
            return text if _is_outside(path) and (ROOT / path).is_dir() else match[0]
        return f"{bang}[{text}]({posixpath.relpath(_name(path), posixpath.dirname(here))}{anchor or ''})"

    return _LINK.sub(replaced, markdown)


def _target(link: str, page: str) -> str:
    """Return the path from the repository's root of what a page links to."""
    source = page.removeprefix(f"{COPIES}/") if page.startswith(f"{COPIES}/") else f"docs/{page}"
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), link))


def _is_outside(path: str) -> bool:
    return not path.startswith("docs/")


def _name(path: str) -> str:
    """Return what a file of the repository is called in the site; one that browsers do not show is shown as text."""
    if not _is_outside(path):
        return path.removeprefix("docs/")
    return f"{COPIES}/{path}" if path.endswith((".json", ".md", ".txt")) else f"{COPIES}/{path}.txt"
