"""The types of condition values: how a value of a policy and one of a request are read and compared.

It knows the values of one type at a time, and no operator, key or request.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_veeam_iam.iam.certainty import Certainty, all_of
from pytest_veeam_iam.iam.globs import Doubt, Literal, Unknown, matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from decimal import Decimal
    from ipaddress import IPv4Network, IPv6Network

    from pytest_veeam_iam.iam.globs import Pieces

    Network: TypeAlias = IPv4Network | IPv6Network

_LONGEST = 64
"""Characters of a number or date; longer ones are refused, so that no value takes long to compare."""


@dataclass(frozen=True, slots=True)
class ValueType:
    """One type of value.

    Attributes:
        noun: What a value must be, for messages.
        read: A policy value (its Pieces if ``is_pattern``) as something to compare with, or None if it is refused.
        subject: A request value as something to compare, or None if it is not of this type.
        covers: Whether some policy values together match every request value of this type that is not empty.
        candidates: Request values, among which one that matches a policy value is found, or one that does not.
        is_pattern: Whether policy variables can stand in it.
        is_text: Whether any text is of this type, also the empty one.
    """

    noun: str
    read: Callable[[Any], Any]
    subject: Callable[[str], Any]
    covers: Callable[[Sequence[Any]], bool]
    candidates: Callable[[str], Iterable[str]]
    is_pattern: bool = False
    is_text: bool = False


def _same(value: Any) -> Any:
    return value


def _never_covers(_readings: Sequence[Any]) -> bool:
    return False


def _literal(pieces: Pieces) -> Pieces:
    return tuple(Literal(piece) if isinstance(piece, str) else piece for piece in pieces)


def _literal_lower(pieces: Pieces) -> Pieces:
    return tuple(piece if isinstance(piece, Unknown | Doubt) else Literal(_plain(piece).lower()) for piece in pieces)


def _plain(piece: str | Literal) -> str:
    return piece if isinstance(piece, str) else piece.text


def _pattern_covers(readings: Sequence[Pieces]) -> bool:
    """Return whether one pattern is stars and at most one question mark: it matches every text that is not empty."""
    texts = (
        "".join(piece for piece in pieces if isinstance(piece, str)) for pieces in readings if _has_no_text(pieces)
    )
    return any("*" in text and text.replace("*", "") in ("", "?") for text in texts)


def _has_no_text(pieces: Pieces) -> bool:
    return all(isinstance(piece, str) or piece == Literal("") for piece in pieces)


def _text_candidates(text: str) -> Iterator[str]:
    yield text
    yield re.sub("[*?]", "x", text)


def text_matches(pieces: Pieces, text: str) -> Certainty:
    """Return ``matches``, faster where nothing is a wildcard."""
    if any(isinstance(p, Unknown | Doubt) or (isinstance(p, str) and ("*" in p or "?" in p)) for p in pieces):
        return matches(pieces, text)
    plain = "".join(_plain(piece) for piece in pieces if not isinstance(piece, Unknown | Doubt))
    return Certainty.ALWAYS if plain == text else Certainty.NEVER


_ARN_FIELDS = 6


def _arn(pieces: Pieces) -> tuple[Pieces, ...] | None:
    """Return the fields of an ARN pattern; in one field alone if a part is unknown, which may hold any colons.

    AWS: "Each of the six colon-delimited components of the ARN is checked separately."
    """
    known = [piece for piece in pieces if not isinstance(piece, Unknown | Doubt)]
    if len(known) < len(pieces):
        return (pieces,)
    fields: list[list[str | Literal]] = [[]]
    for piece in known:
        kind = str if isinstance(piece, str) else Literal
        first, *rest = _plain(piece).split(":", _ARN_FIELDS - len(fields))
        fields[-1].append(kind(first))
        fields += [[kind(part)] for part in rest]
    return tuple(tuple(field) for field in fields) if len(fields) == _ARN_FIELDS else None


def _arn_subject(text: str) -> str | None:
    return text if text.count(":") >= _ARN_FIELDS - 1 else None


def arn_matches(fields: tuple[Pieces, ...], text: str) -> Certainty:
    """Return whether the fields of an ARN pattern match those of ``text``, an ARN."""
    parts = text.split(":", _ARN_FIELDS - 1) if len(fields) == _ARN_FIELDS else [text]
    return all_of(text_matches(field, part) for field, part in zip(fields, parts, strict=True))


def _arn_covers(readings: Sequence[tuple[Pieces, ...]]) -> bool:
    return any(
        len(fields) == _ARN_FIELDS
        and (fields[0] == ("arn",) or _all_stars(fields[0]))
        and all(_all_stars(field) for field in fields[1:])
        for fields in readings
    )


def _all_stars(pieces: Pieces) -> bool:
    return _has_no_text(pieces) and set("".join(p for p in pieces if isinstance(p, str))) == {"*"}


_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


@lru_cache(maxsize=1024)
def _number(text: str) -> Decimal | None:
    from decimal import Decimal

    return Decimal(text) if len(text) <= _LONGEST and _NUMBER.fullmatch(text) else None


def _number_candidates(text: str) -> Iterator[str]:
    yield text
    number = _number(text)
    if number is not None:
        yield from (f"{number + step:f}" for step in (-1, 1))


_YEAR_OR_EPOCH = re.compile(r"[0-9]{4}")
_EPOCH = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_DATE = re.compile(
    r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(Z|[+-][0-9]{2}:?[0-5][0-9])?)?)?"
)
"""https://www.w3.org/TR/NOTE-datetime; its year alone may as well be epoch seconds."""


@lru_cache(maxsize=1024)
def _date(text: str) -> Decimal | None:
    """Return the seconds since 1970 that an ISO 8601 date or epoch time denotes; without a zone it is UTC."""
    from decimal import Decimal

    if len(text) > _LONGEST or _YEAR_OR_EPOCH.fullmatch(text):
        return None
    if _EPOCH.fullmatch(text):
        return Decimal(text)
    match = _DATE.fullmatch(text)
    return None if match is None else _seconds(match)


def _seconds(match: re.Match[str]) -> Decimal | None:
    from datetime import UTC, datetime, timedelta, timezone
    from decimal import Decimal

    year, month, day, *clock, fraction, zone = match.groups()
    hour, minute, second = (int(part or 0) for part in clock)
    offset = timedelta()
    if zone and zone != "Z":
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:])) * (-1 if zone[0] == "-" else 1)
    try:
        moment = datetime(int(year), int(month), int(day or 1), hour, minute, second, tzinfo=timezone(offset))
    except ValueError:  # the 31st of February, an hour of 25, an offset of a day
        return None
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return Decimal(since.days * 86400 + since.seconds) + Decimal(f"0.{fraction or 0}")


def _date_candidates(text: str) -> Iterator[str]:
    from datetime import datetime, timedelta

    yield text
    seconds = _date(text)
    if seconds is not None:
        for step in (-86400, 86400):
            with suppress(OverflowError):  # before the year 1, or after 9999
                moment = datetime(1970, 1, 1) + timedelta(seconds=int(seconds) + step)
                yield f"{moment.isoformat()}Z"


def boolean(text: str) -> bool | None:
    """Return the truth value that ``text`` denotes in any case; None if it is none."""
    return {"true": True, "false": False}.get(text.lower())


def _boolean_covers(readings: Sequence[bool]) -> bool:
    return set(readings) == {True, False}


def _boolean_candidates(_text: str) -> Iterable[str]:
    return ("true", "false")


def _binary(text: str) -> bytes | None:
    import base64

    try:
        return base64.b64decode(text, validate=True)
    except ValueError:  # not base64, or not ASCII
        return None


@lru_cache(maxsize=1024)
def _network(text: str) -> Network | None:
    """Return an address or CIDR range; AWS ignores the bits of the address after the mask.

    AWS: "If you specify an IP address without the associated routing prefix, IAM uses the default prefix value of /32",
    which for IPv6 is one address as well.
    """
    from ipaddress import ip_network

    address, slash, prefix = text.partition("/")
    if "%" in address or (slash and not (prefix.isascii() and prefix.isdigit())):
        return None
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def in_network(network: Network, request: Network) -> Certainty:
    """Return whether an address is in a network; a declared range may be in it, outside of it, or neither."""
    if not network.overlaps(request):  # also if one is IPv4 and the other IPv6
        return Certainty.NEVER
    return Certainty.ALWAYS if network.prefixlen <= request.prefixlen else Certainty.DEPENDS


def _networks_cover(readings: Sequence[Network]) -> bool:
    from ipaddress import IPv4Network, IPv6Network, collapse_addresses

    fours = collapse_addresses(network for network in readings if isinstance(network, IPv4Network))
    sixes = collapse_addresses(network for network in readings if isinstance(network, IPv6Network))
    return [*map(str, fours), *map(str, sixes)] == ["0.0.0.0/0", "::/0"]


_ELSEWHERE = ("192.0.2.1", "198.51.100.1", "2001:db8::1")
"""Addresses of documentation, one of which is outside of any ordinary network: RFC 5737 and RFC 3849."""


def _network_candidates(text: str) -> Iterator[str]:
    network = _network(text)
    if network is not None:
        first = network.network_address
        yield str(first if network.num_addresses == 1 else first + 1)
        yield from _ELSEWHERE


def _no_candidates(_text: str) -> Iterable[str]:
    return ()


EXACT = ValueType("text", _literal, _same, _never_covers, _text_candidates, is_pattern=True, is_text=True)
CASELESS = ValueType("text", _literal_lower, str.lower, _never_covers, _text_candidates, is_pattern=True, is_text=True)
PATTERN = ValueType("text", _same, _same, _pattern_covers, _text_candidates, is_pattern=True, is_text=True)
ARN = ValueType("an ARN with its six fields", _arn, _arn_subject, _arn_covers, _text_candidates, is_pattern=True)
DECIMAL = ValueType("a number", _number, _number, _never_covers, _number_candidates)
MOMENT = ValueType("a date (2030-01-31T00:00:00Z) or epoch seconds", _date, _date, _never_covers, _date_candidates)
TRUTH = ValueType("true or false", boolean, boolean, _boolean_covers, _boolean_candidates)
BYTES = ValueType("base64 text", _binary, _binary, _never_covers, _text_candidates)
ADDRESS = ValueType(
    "an IP address or a range in CIDR notation", _network, _network, _networks_cover, _network_candidates
)
EXISTENCE = ValueType("true or false", boolean, _same, _never_covers, _no_candidates)
