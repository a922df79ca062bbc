"""Where the numbers of people stand in a text: identity numbers, mobile numbers and mailboxes, in any width and beside any letters.

It must not take ids of machines for people: UUIDs, hexadecimal digests and long serial numbers are left alone.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_PROVINCE = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"  # GB/T 2260
_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
# An identity number of before 1999: the code of a province, a district, year, month and day of birth, a serial number.
OLD = rf"{_PROVINCE}\d{{4}}\d{{2}}{_DAY}\d{{3}}"
_BORN = rf"(?:18|19|20)\d\d{_DAY}"
NEW = r"[1-9]\d{5}(?:18|19|20)\d{9}[\dXx]"
CALL = r"(?:(?:\+|00)?86[- ]?)?(?:1[3-9]\d(?:[- ]?\d{4}[- ]?|\.\d{4}\.)|\(1[3-9]\d\)[- ]?\d{4}[- ]?)\d{4}"
# Underscores part the words of a name too: a row of more such groups is no number.
LINED = r"(?<!\d)(?<!\d_)1[3-9]\d_\d{4}_\d{4}(?!_?\d)"
# Every run of signs, a mailbox where the group is there: a pattern of the mailbox alone would look at a run once from each of its
# signs, and a picture written as text is one run.
MAIL = r"[\w.+-]+(@[\w-]+(?:\.[\w-]+)+)?"
_MAIL = re.compile(MAIL, re.ASCII)
# A day of birth where it belongs says enough: a slip in the check digit makes nobody's number a secret to tell.
_LIKELY = re.compile(rf"(?<!\d)[1-9]\d{{5}}{_BORN}\d{{3}}(?:\d(?!\d)|[Xx])")
# In a column of its own, or cut in groups or out of more digits as no serial number is by chance: if the check digit is right.
_ALONE = re.compile(rf"(?<![0-9A-Za-z]){_PROVINCE}\d{{15}}[\dXx](?![0-9A-Za-z])")
_CUT = "[-_ ]?"
_GROUPS = re.compile(
    rf"(?<!\d)(?<!\d[-_])[1-9]\d{{5}}{_CUT}(?:18|19|20)\d\d{_CUT}(?:0[1-9]|1[0-2]){_CUT}(?:0[1-9]|[12]\d|3[01])"
    rf"{_CUT}\d{{3}}(?:\d(?![-_]?\d)|[Xx])"
)
_WITHIN = re.compile(rf"(?=([1-9]\d{{5}}{_BORN}\d{{3}}[\dXx]))")
_OLD = re.compile(rf"(?<!\d){OLD}(?!\d)")
_CALL = re.compile(rf"(?<!\d){CALL}(?!\d)")
_LINES = re.compile(LINED)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-f]{24,}|[0-9A-F]{24,})(?![0-9A-Za-z])")
_LEAST = 11  # digits of the shortest number


@dataclass(frozen=True)
class Trace:
    """A number of a person in a text: its kind, the place it takes, and how it reads in plain characters."""

    kind: str  # idno | phone | mail
    start: int
    end: int
    plain: str


def traces(text: str) -> list[Trace]:
    """All that stand in the text, in order; none overlaps another."""
    if "@" not in text and "＠" not in text and sum(map(str.isdigit, text)) < _LEAST:
        return []
    plain, places = _plain(text)
    found: list[tuple[str, int, int]] = []
    rest = plain
    for kind, spans in ((one, look) for one, looks in _LOOKS.items() for look in looks):
        taken = sorted(spans(rest))
        found += [(kind, start, end) for start, end in taken]
        # What is left of a run of digits is looked at as if it stood alone.
        rest = replaced(rest, [(start, end, "\0" * (end - start)) for start, end in taken])
    return [
        Trace(kind, places[start], places[end - 1] + 1, plain[start:end])
        for kind, start, end in sorted(found, key=lambda one: one[1])
    ]


def replaced(text: str, spans: Sequence[tuple[int, int, str]]) -> str:
    """The text with others in these places, which are in order and do not overlap: put together once, however many they are."""
    if not spans:
        return text
    parts, end = [], 0
    for start, stop, other in spans:
        parts += [text[end:start], other]
        end = stop
    return "".join([*parts, text[end:]])


def plain(text: str) -> str:
    """The text in the width and the digits of ASCII where there are such, without characters that cannot be seen."""
    return _plain(text)[0]


def check_digit(first17: str) -> str:
    """Check digit of GB 11643-1999 (ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


def _plain(text: str) -> tuple[str, list[int] | range]:
    """The plain text, and of each of its characters the place in the text it was made from."""
    if text.isascii():
        return text, range(len(text))
    made, places = [], []
    for place, char in enumerate(text):
        if unicodedata.category(char) == "Cf":
            continue
        for one in char if char.isascii() else unicodedata.normalize("NFKC", char):
            digit = unicodedata.decimal(one, None)
            made.append(one if digit is None else str(digit))
            places.append(place)
    return "".join(made), places


def _mails(text: str) -> Iterator[tuple[int, int]]:
    return (found.span() for found in _MAIL.finditer(text) if found[1]) if "@" in text else iter(())


def _likely(text: str) -> Iterator[tuple[int, int]]:
    return (found.span() for found in _LIKELY.finditer(text))


def _alone(text: str) -> Iterator[tuple[int, int]]:
    return (found.span() for found in _ALONE.finditer(text) if _checked(found.group()))


def _groups(text: str) -> Iterator[tuple[int, int]]:
    return ((start, end) for start, end in _people(text, _GROUPS) if _checked(text[start:end]))


def _within(text: str) -> Iterator[tuple[int, int]]:
    end = 0
    for found in _WITHIN.finditer(text):
        if found.start() >= end and _checked(found[1]) and _is_day(found[1][6:14]):
            end = found.end(1)
            yield found.span(1)


def _old(text: str) -> Iterator[tuple[int, int]]:
    return _people(text, _OLD)


def _calls(text: str) -> Iterator[tuple[int, int]]:
    return _people(text, _CALL)


def _lined(text: str) -> Iterator[tuple[int, int]]:
    return _people(text, _LINES)


def _people(text: str, form: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """What has the form and is no piece of a machine's id."""
    spans = [found.span() for found in form.finditer(text)]
    if not spans:
        return
    machines = [found.span() for found in _UUID.finditer(text)]
    tokens = [found.span() for found in _HEX.finditer(text)]
    signs = _Signs(text, tokens)
    for start, end in spans:
        first, last = _at_or_before(machines, start)
        if end <= last:
            continue
        first, last = _at_or_before(tokens, start)
        # The rest of a digest has letters and digits; of letters alone somebody made a login.
        if start <= last and signs.mixed(first, start, min(end, last), last):
            continue
        yield start, end


def _at_or_before(spans: Sequence[tuple[int, int]], place: int) -> tuple[int, int]:
    """The last span that begins no later; one that lies nowhere when there is none."""
    found = bisect_right(spans, place, key=lambda span: span[0]) - 1
    return spans[found] if found >= 0 else (-1, -1)


class _Signs:
    """How many digits stand before each place of the tokens of a text: counted once for all numbers in them."""

    def __init__(self, text: str, tokens: Sequence[tuple[int, int]]) -> None:
        self._digits = {
            start: list(accumulate(map(str.isdigit, text[start:end]), initial=0)) for start, end in tokens
        }

    def mixed(self, first: int, start: int, end: int, last: int) -> bool:
        """Whether the token first..last without the number start..end has digits and letters too."""
        counts = self._digits[first]
        digits = counts[start - first] + counts[last - first] - counts[end - first]
        return 0 < digits < start - first + last - end


def _checked(number: str) -> bool:
    digits = re.sub("[-_ ]", "", number).upper()
    return check_digit(digits[:17]) == digits[17]


def _is_day(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


_LOOKS = {"mail": (_mails,), "idno": (_likely, _alone, _groups, _within, _old), "phone": (_lined, _calls)}
