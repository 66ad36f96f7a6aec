"""Policy documents as tests write them: a statement in one line."""

from __future__ import annotations

from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]


def document(*statements: Document, version: str | None = "2012-10-17") -> Document:
    return {"Statement": list(statements)} | ({} if version is None else {"Version": version})


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> Document:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> Document:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}
