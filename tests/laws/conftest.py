"""The laws ask what the exact answer is: their searches have time enough to find it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_veeam_iam.iam import authorization

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module", autouse=True)
def _ample_budget() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(authorization, "BUDGET", 10 * authorization.BUDGET)
        yield
