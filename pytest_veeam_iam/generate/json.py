"""Policy documents as JSON, each a file of its own: AWS takes one at a time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam import grants

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_veeam_iam.iam.grants import Grant


def render(documents: Sequence[Sequence[Grant]], name: str) -> tuple[str, ...]:  # noqa: ARG001 - a document has no name
    """Return the text of each document."""
    return tuple(json.dumps(grants.document(document), indent=4) + "\n" for document in documents)
