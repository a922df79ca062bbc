"""What the files of a OneRoster package say together: columns worked out across files, for a mapping to use.

Where the package is silent, what an earlier one said is said again: a delta must not wipe out what it does not mention.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache

from portrait.identity import Unrecognised, normalised
from portrait.intake.oneroster import Package, Sheet, add_columns
from portrait.place import places
from portrait.sentence import Sentence, sentence
from portrait.store.roster import Held

Row = dict[str, str]
_GONE = ("tobedeleted", "inactive")  # the second is of version 1.0 and still met with
_STAFF_ID = ("staff", "staffno", "staffid", "继教编号")
_KINDS = (
    ("exam", re.compile(r"\bexams?\b|\btests?\b|\bfinals?\b|考试|测评", re.IGNORECASE)),
    ("quiz", re.compile(r"\bquiz(zes)?\b|测验|小测", re.IGNORECASE)),
)
_HAN = re.compile("[\u4e00-\u9fff]")


def split(text: str) -> list[str]:
    """The parts of a list in one cell."""
    return [part.strip() for part in text.split(",") if part.strip()]


def day(text: str) -> date | None:
    """The day of an ISO date or moment; None for anything else: 1/05/2023 may be two days."""
    try:
        return datetime.fromisoformat(text).date() if text else None
    except ValueError:
        return None


def active(row: Row) -> str:
    """yes, no, or the word itself where it is none of the standard's."""
    status = row["status"].lower()
    if status in _GONE:
        return "no"
    return "yes" if status in ("", "active") else row["status"]


@cache
def counties() -> dict[str, str]:
    """Codes of counties by their names."""
    return {place.name: code for code, place in places().items() if place.level == "county"}


@dataclass
class Roster:
    """The package's rows by their ids, and what they say of one another."""

    package: Package
    source: str
    held: Held
    orgs: dict[str, Row] = field(init=False)
    users: dict[str, Row] = field(init=False)
    courses: dict[str, Row] = field(init=False)
    classes: dict[str, Row] = field(init=False)
    sessions: dict[str, Row] = field(init=False)
    items: dict[str, Row] = field(init=False)
    categories: dict[str, Row] = field(init=False)
    roles: dict[str, list[Row]] = field(init=False)
    learners: set[str] = field(init=False)
    teachers: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.orgs, self.users, self.courses = self._by("orgs"), self._by("users"), self._by("courses")
        self.classes, self.sessions = self._by("classes"), self._by("academicSessions")
        self.items, self.categories = self._by("lineItems"), self._by("categories")
        self.roles = {}
        for row in self._rows("roles"):
            if active(row) == "yes":
                self.roles.setdefault(row["userSourcedId"], []).append(row)
        seats = list(self._rows("enrollments"))
        self.learners = {row["userSourcedId"] for row in seats if row["role"].lower() == "student"}
        self.teachers = {
            row["userSourcedId"] for row in seats if row["role"].lower() == "teacher" and active(row) == "yes"
        }

    def _by(self, name: str) -> dict[str, Row]:
        sheet = self.package.sheets.get(name)
        return sheet.by() if sheet else {}

    def _rows(self, name: str) -> Iterable[Row]:
        sheet = self.package.sheets.get(name)
        return sheet.dicts() if sheet else ()

    # --- places ----------------------------------------------------------------------------------------------

    def above(self, org: str) -> list[Row]:
        """An organisation and those above it, as far as the package tells."""
        found: list[Row] = []
        while org in self.orgs and self.orgs[org] not in found:
            found.append(self.orgs[org])
            org = self.orgs[org]["parentSourcedId"]
        return found

    def county(self, org: str) -> str:
        """The county of an organisation: the nearest in its line that carries a county's code or name."""
        for row in self.above(org):
            place = places().get(row["identifier"])
            if place is not None and place.level == "county":
                return place.adcode
            if row["name"] in counties():
                return counties()[row["name"]]
        return ""

    def school(self, org: str) -> str:
        """The school that an organisation is or belongs to; "" when it is part of none."""
        line = self.above(org)
        for row in line:
            if row["type"].lower() == "school":
                return row["sourcedId"]
        return org if org and not line and self.held.knows("school", org) else ""

    # --- people ----------------------------------------------------------------------------------------------

    def key(self, user: Row) -> str:
        return self.staff(user) or f"{self.source}:{user['sourcedId']}"

    def staff(self, user: Row) -> str:
        """The number that is one person's everywhere: the master identifier, or one that says it is a staff number."""
        for kind, text in re.findall(r"\{([^:{}]+):([^{}]+)\}", user.get("userIds", "")):
            if kind.strip().lower() in _STAFF_ID:
                return str(text).strip()
        return user.get("userMasterIdentifier", "")

    def role(self, user: Row) -> str:
        """The role of version 1.1's column, or of version 1.2's primary role."""
        return self._primary(user).get("role", "") or user.get("role", "")

    def _primary(self, user: Row) -> Row:
        roles = self.roles.get(user["sourcedId"], [])
        return next((row for row in roles if row["roleType"].lower() == "primary"), roles[0] if roles else {})

    def org(self, user: Row) -> str:
        listed = split(user.get("orgSourcedIds", ""))
        return (
            user.get("primaryOrgSourcedId", "")
            or self._primary(user).get("orgSourcedId", "")
            or (listed or [""])[0]
        )

    def name(self, user: Row) -> str:
        """The name as its language writes it; what is registered where the row has none."""
        given, family = user.get("givenName", ""), user.get("familyName", "")
        if _HAN.search(given + family):
            return family + given
        joined = " ".join(filter(None, (given, user.get("middleName", ""), family)))
        known = self.held.person(self.key(user))
        return joined or (known.name if known else "")

    def user_school(self, user: Row) -> str:
        """The user's school; what is registered where the package does not tell what organisation the user's is."""
        org = self.org(user)
        if org in self.orgs:
            return self.school(org)
        if found := self.school(org):
            return found
        known = self.held.person(self.key(user))
        return known.school if known else ""

    def learns(self, user: Row) -> str:
        """Whether the user is a learner: by role, by a place as a student, or as one who has been registered."""
        role = self.role(user).lower()
        if role == "student" or user["sourcedId"] in self.learners:
            return "yes"
        # A delta without places says nothing of who sits where: who may learn is let in.
        unknown = "enrollments" not in self.package.sheets and role == "teacher"
        return "yes" if unknown or self.held.person(self.key(user)) else "no"

    def enabled(self, user: Row) -> str:
        if active(user) == "yes" and user["enabledUser"].lower() == "false":
            return "no"
        return active(user)

    def teaches(self, user: Row) -> str:
        """Whether the user teaches a class; where the package holds no places, whether the user is on the roster at all."""
        if "enrollments" not in self.package.sheets:
            return self.enabled(user)
        return "yes" if self.enabled(user) == "yes" and user["sourcedId"] in self.teachers else "no"

    # --- classes ---------------------------------------------------------------------------------------------

    def terms(self, row: Row) -> list[Row]:
        return [self.sessions[term] for term in split(row["termSourcedIds"]) if term in self.sessions]

    def starts(self, row: Row) -> str:
        days = [term["startDate"] for term in self.terms(row) if term["startDate"]]
        known = self.held.training_class(row["sourcedId"])
        return min(days) if days else str((known and known.starts) or "")

    def ends(self, row: Row) -> str:
        """The last day of the class's terms; of a class that was deleted before, the day when that was said."""
        days = [term["endDate"] for term in self.terms(row) if term["endDate"]]
        known = self.held.training_class(row["sourcedId"])
        planned = max(days) if days else str((known and known.ends) or "")
        said = day(row["dateLastModified"])
        if active(row) == "no" and said and (not day(planned) or str(said) < planned):
            return str(max(said, day(self.starts(row)) or said))
        return planned

    def class_course(self, row: Row) -> str:
        code = row["courseSourcedId"]
        if code in self.courses or self.held.knows("course", code):
            return code
        known = self.held.training_class(row["sourcedId"])
        return known.course if known and not code else ""

    def class_provider(self, row: Row) -> str:
        known = self.held.training_class(row["sourcedId"])
        return row["schoolSourcedId"] or (known.provider if known else "")

    def left(self, row: Row) -> str:
        """The day on which a learner left: when the place was deleted, unless it had come to its end before."""
        if active(row) != "no":
            return ""
        said, ended = day(row["dateLastModified"]), day(row["endDate"])
        return (
            ""
            if said and ended and said >= ended
            else (str(said) if said else row["dateLastModified"] or "?")
        )

    # --- marks -----------------------------------------------------------------------------------------------

    def item(self, row: Row) -> Row:
        return self.items.get(row["lineItemSourcedId"], {})

    def kind(self, row: Row) -> str:
        """exam, quiz or other, by the words of the category's title, else of the line item's."""
        item = self.item(row)
        category = self.categories.get(item.get("categorySourcedId", ""), {})
        for title in filter(None, (category.get("title"), item.get("title"))):
            for kind, words in _KINDS:
                if words.search(title):
                    return kind
        return "other"

    def counts(self, row: Row) -> str:
        return (
            "yes"
            if active(row) == "yes" and row["scoreStatus"].lower() == "fully graded" and row["score"]
            else "no"
        )

    def score(self, row: Row) -> str:
        """The score counted from the least that can be had."""
        least = _number(self.item(row).get("resultValueMin", ""))
        value = _number(row["score"])
        return f"{value - least:g}" if least and value is not None else row["score"]

    def most(self, row: Row) -> str:
        item = self.item(row)
        least, most = _number(item.get("resultValueMin", "")), _number(item.get("resultValueMax", ""))
        return f"{most - least:g}" if least and most is not None else item.get("resultValueMax", "")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _phone(user: Row) -> str:
    """A mobile number as ours are; others say nothing here and must not spoil the row."""
    for text in (user.get("sms", ""), user.get("phone", "")):
        try:
            return normalised("phone", text)
        except Unrecognised:
            continue
    return ""


def _gender(row: Row) -> str:
    return {"male": "1", "female": "2", "unspecified": "9", "other": "9"}.get(row["sex"].lower(), "0")


def extend(package: Package, source: str, held: Held) -> list[Sentence]:
    """Add to the package's sheets what they say together (the columns whose names begin with `_`), and take out passwords; what
    a reader of the ledger should know besides."""
    roster = Roster(package, source, held)
    runs = {roster.class_provider(row) for row in roster.classes.values()}
    profiles: dict[str, list[str]] = {}
    for row in roster._rows("userProfiles"):
        if active(row) == "yes" and row["username"]:
            profiles.setdefault(row["userSourcedId"], []).append(
                f"{row['applicationId'] or row['vendorId']}:{row['username']}"
            )

    def of_user(found: Callable[[Row], str]) -> Callable[[Row], str]:
        """Of the user whom a row of another file belongs to."""
        return lambda row: found(roster.users.get(row["sourcedId"], {"sourcedId": row["sourcedId"]}))

    added: dict[str, dict[str, Callable[[Row], str]]] = {
        "orgs": {
            "_county": lambda row: roster.county(row["sourcedId"]),
            "_runs": lambda row: "yes" if row["sourcedId"] in runs else "no",
        },
        "users": {
            "password": lambda _row: "",
            "_key": roster.key,
            "_staff": roster.staff,
            "_name": roster.name,
            "_role": roster.role,
            "_school": roster.user_school,
            "_phone": _phone,
            "_learns": roster.learns,
            "_teaches": roster.teaches,
            "_active": roster.enabled,
            "_profiles": lambda row: "、".join(profiles.get(row["sourcedId"], [])),
        },
        "demographics": {
            "_key": of_user(roster.key),
            "_name": of_user(roster.name),
            "_role": of_user(roster.role),
            "_learns": of_user(roster.learns),
            "_gender": _gender,
            "_birthYear": lambda row: row["birthDate"][:4],
        },
        "courses": {
            "_ends": lambda row: str(day(row["dateLastModified"]) or "") if active(row) == "no" else ""
        },
        "classes": {
            "_course": roster.class_course,
            "_provider": roster.class_provider,
            "_starts": roster.starts,
            "_ends": roster.ends,
        },
        "enrollments": {
            "_left": roster.left,
            "_county": lambda row: roster.county(
                roster.org(roster.users.get(row["userSourcedId"], {"sourcedId": ""}))
            ),
        },
        "results": {
            "_counts": roster.counts,
            "_item": lambda row: roster.item(row).get("title", "") or row["lineItemSourcedId"],
            "_class": lambda row: roster.item(row).get("classSourcedId", ""),
            "_course": lambda row: roster.classes.get(roster.item(row).get("classSourcedId", ""), {}).get(
                "courseSourcedId", ""
            ),
            "_kind": roster.kind,
            "_score": roster.score,
            "_max": roster.most,
        },
        "userProfiles": {"password": lambda _row: ""},
    }
    for name, sheet in package.sheets.items():
        columns = {**added.get(name, {}), "_active": added.get(name, {}).get("_active", active)}
        _add(sheet, columns)
    gone = deleted_results(package)
    return [sentence("{n} 条成绩标为已删除：以前导入过的不再计入", n=len(gone))] if gone else []


def deleted_results(package: Package) -> tuple[str, ...]:
    """The ids of marks that the platform takes back."""
    sheet = package.sheets.get("results")
    return tuple(row["sourcedId"] for row in sheet.dicts() if active(row) == "no") if sheet else ()


def _add(sheet: Sheet, columns: dict[str, Callable[[Row], str]]) -> None:
    add_columns(sheet, columns | {"_received": lambda _row: sheet.received})
