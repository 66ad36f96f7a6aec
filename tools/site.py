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
    """Add every file that a page links to outside of ``docs``; one that is a page itself stays one."""
    for page in files.documentation_pages():
        for match in _LINK.finditer(page.content_string):
            path = _outside(match[3], page.src_uri)
            if path and (ROOT / path).is_file() and files.get_file_from_path(_copy(path)) is None:
                files.append(File.generated(config, _copy(path), abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return a page whose links stay inside of the site."""
    del config

    def replaced(match: re.Match[str]) -> str:
        bang, text, link, anchor = match.groups()
        path = _outside(link, page.file.src_uri)
        if path is None:
            return match[0]
        copy = files.get_file_from_path(_copy(path))
        if copy is None:
            return text
        return f"{bang}[{text}]({posixpath.relpath(_copy(path), posixpath.dirname(page.file.src_uri))}{anchor or ''})"

    return _LINK.sub(replaced, markdown)


def _outside(link: str, page: str) -> str | None:
    """Return the path from the repository's root of what a page links to, None if that is in ``docs``."""
    if page.startswith(f"{COPIES}/"):
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page.removeprefix(f"{COPIES}/")), link))
    else:
        path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), link))
    return None if path.startswith("docs/") else path


def _copy(path: str) -> str:
    """Return the name of a copy; a file without a suffix that browsers show is shown as text."""
    return f"{COPIES}/{path}" if path.endswith((".md", ".json")) else f"{COPIES}/{path}.txt"
