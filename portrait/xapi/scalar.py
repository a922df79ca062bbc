"""The formats of single values: IRIs, mail addresses, hashes, UUIDs, times, durations, languages.

IRIs are checked for a scheme and for characters that RFC 3987 allows, not for what a scheme makes of them (the specification asks
for no more). The checks raise Invalid with an empty path.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from portrait.xapi.invalid import Invalid, step, wrong

# A text longer than this is not remembered, so that what is remembered stays below some ten megabytes.
_SHORT = 256
_MEMORY = 16_384

# No white space, control, delimiter of RFC 3987 or lone surrogate; a per cent sign begins two hex digits; one fragment at most;
# the web's two schemes name a host.
_CHAR = r"""[^\s\x00-\x20\x7f-\x9f"<>\\^`{|}%#\ud800-\udfff\ufffe\uffff]"""
_TEXT = rf"{_CHAR}*(?:%[0-9A-Fa-f]{{2}}{_CHAR}*)*"
_IRI = re.compile(
    rf"(?![Hh][Tt][Tt][Pp][Ss]?:(?!//[^/?#]))[A-Za-z][A-Za-z0-9+.-]*:(?![#]|\Z){_TEXT}(?:#{_TEXT})?"
)
_MAIL = re.compile(
    r"mailto:[^\s\x00-\x20\x7f@<>()\[\]\\,;:\"?#\ud800-\udfff]+@[^\s\x00-\x20\x7f@<>()\[\]\\,;:\"?#.\ud800-\udfff]+"
    r"(?:\.[^\s\x00-\x20\x7f@<>()\[\]\\,;:\"?#.\ud800-\udfff]+)*"
)
_SHA1 = re.compile(r"[0-9A-Fa-f]{40}")
_SHA2 = re.compile(r"[0-9A-Fa-f]{56}(?:[0-9A-Fa-f]{8}(?:[0-9A-Fa-f]{32}(?:[0-9A-Fa-f]{32})?)?)?")
_UUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[ !#-\[\]-~]|\\[ -~])*"'
_MEDIA = re.compile(rf"{_TOKEN}/{_TOKEN}(?: *; *{_TOKEN}=(?:{_TOKEN}|{_QUOTED}))* *;?")

# A fraction may only stand in the last component (ISO 8601:2004, 4.4.3.2); weeks stand alone.
_N = r"[0-9]+(?:[.,][0-9]+)?"
_DURATION = re.compile(
    rf"P(?!.*[.,][0-9]+[A-Z].)(?:{_N}W|(?=[0-9T])(?:{_N}Y)?(?:{_N}M)?(?:{_N}D)?(?:T(?=[0-9])(?:{_N}H)?(?:{_N}M)?(?:{_N}S)?)?)"
)

# 1.0 asks for ISO 8601's date and time, extended or basic, with or without a zone; 2.0 for RFC 3339, whose T may be a space.
_HOUR = r"(?:[01][0-9]|2[0-3])"
_ISO = re.compile(
    rf"[0-9]{{4}}(?:-[0-9]{{2}}-[0-9]{{2}}T{_HOUR}(?::[0-9]{{2}}(?::[0-9]{{2}}(?:[.,][0-9]+)?)?)?"
    rf"|[0-9]{{4}}T{_HOUR}(?:[0-9]{{2}}(?:[0-9]{{2}}(?:[.,][0-9]+)?)?)?)(?:Z|[+-]{_HOUR}(?::?[0-5][0-9])?)?"
)
_RFC = re.compile(
    rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[Tt ]{_HOUR}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]+)?(?:[Zz]|[+-]{_HOUR}:[0-5][0-9])"
)
_LEAP = re.compile(r"([T ][0-9]{2}:?[0-9]{2}:?)60")
_UNKNOWN_ZONE = ("-00:00", "-0000", "-00")

# RFC 5646, section 2.1; the regular ones of the grandfathered tags follow the grammar.
_LANGUAGE = re.compile(
    r"(?:(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4}|[a-z]{5,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)(?P<extensions>(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*)"
    r"(?:-x(?:-[a-z0-9]{1,8})+)?|x(?:-[a-z0-9]{1,8})+)"
)
_IRREGULAR = re.compile(
    r"i-(?:ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)|en-gb-oed|sgn-(?:be-fr|be-nl|ch-de)"
)
_SINGLETON = re.compile(r"-([0-9a-wy-z])(?=-)")


def string(value: Any) -> None:
    if not isinstance(value, str):
        raise wrong(value, "a string")


def boolean(value: Any) -> None:
    if value is not True and value is not False:
        raise wrong(value, "true or false")


def number(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong(value, "a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise Invalid("", "must be a finite number")


def size(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise wrong(value, "a whole number of octets")


def iri(value: Any) -> None:
    if not isinstance(value, str):
        raise wrong(value, "an IRI")
    if not (_is_iri(value) if len(value) <= _SHORT else _IRI.fullmatch(value)):
        raise Invalid("", "must be an IRI with a scheme")


@lru_cache(_MEMORY)
def _is_iri(text: str) -> bool:
    return _IRI.fullmatch(text) is not None


def mailto(value: Any) -> None:
    if not isinstance(value, str) or not _MAIL.fullmatch(value):
        raise wrong(value, "mailto: and a mail address")


def sha1(value: Any) -> None:
    if not isinstance(value, str) or not _SHA1.fullmatch(value):
        raise wrong(value, "40 hexadecimal digits (SHA-1)")


def sha2(value: Any) -> None:
    if not isinstance(value, str) or not _SHA2.fullmatch(value):
        raise wrong(value, "the hexadecimal digits of a SHA-2 hash")


def uuid(value: Any) -> None:
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise wrong(value, "a UUID in its standard form")


def media(value: Any) -> None:
    if not isinstance(value, str) or not _MEDIA.fullmatch(value):
        raise wrong(value, "an Internet media type")


def duration(value: Any) -> None:
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise wrong(value, "an ISO 8601 duration")


def iso_time(value: Any) -> None:
    """A timestamp of 1.0: ISO 8601."""
    _time(value, _ISO, "an ISO 8601 timestamp")


def rfc_time(value: Any) -> None:
    """A timestamp of 2.0: RFC 3339."""
    _time(value, _RFC, "an RFC 3339 timestamp")


def _time(value: Any, form: re.Pattern[str], wanted: str) -> None:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise wrong(value, wanted)
    if value.endswith(_UNKNOWN_ZONE):
        raise Invalid("", "must not have the offset -00:00")
    try:
        instant(value)
    except ValueError:
        raise wrong(value, wanted) from None


def instant(text: str) -> datetime:
    """The moment that a valid timestamp says, with its zone: UTC where it has none. Raises ValueError for a day that is none."""
    text = text.upper()
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        leap, count = _LEAP.subn(r"\g<1>59", text, count=1)
        if not count:
            raise
        time = datetime.fromisoformat(leap).replace(microsecond=0)
        if time.replace(microsecond=0, tzinfo=None) == datetime.max.replace(microsecond=0):
            raise
        time += timedelta(seconds=1)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def language(value: Any) -> None:
    if not isinstance(value, str):
        raise wrong(value, "a language tag")
    if len(value) > _SHORT or not _is_language(value):
        raise Invalid("", "must be a language tag of RFC 5646")


@lru_cache(_MEMORY)
def _is_language(text: str) -> bool:
    if not text.isascii():
        return False
    low = text.lower()
    found = _LANGUAGE.fullmatch(low)
    if not found:
        return _IRREGULAR.fullmatch(low) is not None
    variants = (found["variants"] or "").split("-")[1:]
    singletons = _SINGLETON.findall(found["extensions"] or "")
    return len(set(variants)) == len(variants) and len(set(singletons)) == len(singletons)


def language_map(value: Any) -> None:
    """Texts by language tag. An empty map is bad style, which the specification leaves to those who send it."""
    if not isinstance(value, dict):
        raise wrong(value, "a language map")
    for tag, text in value.items():
        if not isinstance(tag, str) or len(tag) > _SHORT or not _is_language(tag):
            raise Invalid(step(tag), "must be a language tag of RFC 5646")
        if not isinstance(text, str):
            raise wrong(text, "a string").at(step(tag))


def extensions(value: Any) -> None:
    """Anything by IRI: what the values are is for the owner of the IRI."""
    if not isinstance(value, dict):
        raise wrong(value, "an object of extensions")
    for key in value:
        if not isinstance(key, str) or not (_is_iri(key) if len(key) <= _SHORT else _IRI.fullmatch(key)):
            raise Invalid(step(key), "must be an IRI with a scheme")
