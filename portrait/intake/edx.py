"""Tracking logs of Open edX: each event as the xAPI statement that Open edX publishes for it, or as the name of what it is instead.

Source: Open edX events in the tracking logs (docs.openedx.org) and the mapping of event-routing-backends. Beyond that mapping a statement says
which event it is (`event`), and a pause says how long was watched since the play before it.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from portrait.intake.vocabulary import ACROSS, ADL, EVENTS, NOTHING, TIN, TYPES

_EXTENSION = "https://w3id.org/xapi/video/extensions/"
_OPENEDX = "https://w3id.org/xapi/openedx/"
_ATTEMPT = "http://id.tincanapi.com/extension/attempt-id"
_PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"
_MODE = "https://w3id.org/xapi/acrossx/extensions/type"
_COURSE = re.compile(r"/courses/(course-v1:[^/?#]+|[^/?#]+/[^/?#]+/[^/?#]+)(/[^?#]*)?")
_READ = re.compile(
    r"/(courseware|course|info|wiki|pdfbook|book|jump_to|jump_to_id|discussion/forum|syllabus)(/|$)"
)
_TALK = re.compile(r"/discussion/([^/]+/)?(threads/create|threads/[^/]+/reply|comments/[^/]+/reply)$")
_INSIDE = re.compile(
    r"/(xblock|handler|instructor|modx|submission_history|legacy_instructor_dash|about|progress|api)(/|$)"
)
VERSION = "1"  # to be raised when the same line would become another statement
NOBODY, PAGES, COMMENT = "没有登录的人", "网页请求，不是打开课程内容", "注释行"


@dataclass
class Reading:
    """What must be remembered from one line of a log to the next. `talks` says that the log has events of the forum of their own."""

    talks: bool
    begun: dict[tuple[str, str, str], float] = field(default_factory=dict)

    def watched(self, who: tuple[str, str, str], verb: str, at: float | None, on: float | None) -> str:
        """The segment of a video that an event closes, "" when it closes none."""
        begun = self.begun.pop(who, None)
        if verb == "played" or (verb == "seeked" and begun is not None):
            start = on if verb == "seeked" else at
            if start is not None:
                self.begun[who] = start
        if verb == "played" or begun is None or at is None or at <= begun:
            return ""
        return f"{begun:g}[.]{at:g}"


def statements(lines: Iterable[tuple[int, str]], reading: Reading) -> Iterator[tuple[int, str, str]]:
    """Number, statement and line of every line that is not blank. What is no event at all comes back as it stands."""
    for number, line in lines:
        text = line.strip()
        if text:
            yield number, statement(text, reading), text


def statement(line: str, reading: Reading) -> str:
    """The statement of one line, or `{"passed": why}`; a line that is no JSON object is given back."""
    if line.startswith("#"):
        return json.dumps({"passed": COMMENT})
    try:
        # A log that went through syslog has its own words before the event.
        event = json.loads(line if line.startswith("{") else line[line.index("{") :])
    except (ValueError, RecursionError):
        return line
    if not isinstance(event, dict):
        return line
    made = json.dumps(_converted(event, reading), ensure_ascii=False)
    return made.encode("utf-8", "replace").decode()  # half of a sign can be written in JSON, and nowhere else


def _converted(event: dict[str, Any], reading: Reading) -> dict[str, Any]:
    name = str(event.get("name") or "")
    name = name if name in EVENTS else str(event.get("event_type") or name)
    context, data = _object(event.get("context")), _data(event.get("event"))
    username = str(event.get("username") or context.get("username") or "").strip()
    number = str(data.get("user_id") or context.get("user_id") or "").strip()
    if data.get("user_id") and context.get("user_id") not in (None, "", data["user_id"]):
        username = ""  # staff did it for somebody else
    if not username and not number:
        return {"passed": NOBODY, "event": name}
    page = str(event.get("page") or event.get("referer") or "")
    course = _course(context, data, name, page)
    if name.startswith("/"):
        found = _requested(name, str(event.get("event") or ""), reading)
    elif name == "problem_check" and event.get("event_source") == "browser":
        found = (ADL + "attempted", "problem")
    else:
        found = EVENTS.get(name)
    if found is None:
        known = next((why for form, why in NOTHING if re.match(form, name)), "")
        why = known or (PAGES if name.startswith("/") else f"映射里没有的事件：{name[:100]}")
        return {"passed": why, "event": name}
    verb, kind = found
    home, thing = _home(event, page), _thing(kind, data, name, course, page)
    made: dict[str, Any] = {
        # The whole event, so that the same one in two logs is one.
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(event, sort_keys=True))),
        "event": name,
        "actor": {"objectType": "Agent", "account": {"homePage": home, "name": username or f"id:{number}"}},
        "verb": {"id": verb, "display": {"en": verb.rpartition("/")[2]}},
        "object": {
            "id": _address(home, kind, thing, data, name),
            "objectType": "Activity",
            "definition": {"type": TYPES[kind]},
        },
        "timestamp": event.get("time"),
        "context": {"contextActivities": {}, "extensions": {}},
        "version": "1.0.3",
    }
    if course and kind != "course":
        parent = {
            "id": f"{home}/course/{course}",
            "objectType": "Activity",
            "definition": {"type": TYPES["course"]},
        }
        made["context"]["contextActivities"]["parent"] = [parent]
    session = str(event.get("session") or context.get("session") or "")
    if session:
        made["context"]["extensions"][_OPENEDX + "extensions/session-id"] = session
    _add(made, data, kind, verb.rpartition("/")[2], (username or number, session, thing), reading)
    return made


def _add(
    made: dict[str, Any],
    data: dict[str, Any],
    kind: str,
    verb: str,
    who: tuple[str, str, str],
    reading: Reading,
) -> None:
    """Marks, progress, and where in a video it was."""
    result: dict[str, Any] = {}
    if kind == "video":
        length = _number(data.get("duration"))
        if length is not None:
            made["context"]["extensions"][_EXTENSION + "length"] = length
        at = _number(
            data.get("old_time") if verb == "seeked" else data.get("currentTime", data.get("current_time"))
        )
        on = _number(data.get("new_time"))
        if verb == "completed" and length is not None:
            result = {"completion": True, "duration": f"PT{length:g}S"}
        elif verb == "seeked":
            result = {"extensions": {_EXTENSION + "time-from": at, _EXTENSION + "time-to": on}}
        elif at is not None:
            result = {"extensions": {_EXTENSION + "time": at}}
        if verb in ("played", "paused", "seeked", "terminated"):
            segment = reading.watched(who, verb, at, on)
            if segment:
                result.setdefault("extensions", {})[_EXTENSION + "played-segments"] = segment
        if verb == "interacted" and data.get("new_speed") is not None:
            speeds = {"speed-from": data.get("old_speed"), "speed-to": data["new_speed"]}
            result = {"extensions": {f"{_OPENEDX}extension/{key}": speed for key, speed in speeds.items()}}
    elif verb in ("evaluated", "attempted"):
        if data.get("attempts") is not None:
            made["object"]["definition"]["extensions"] = {_ATTEMPT: data["attempts"]}
        raw = _number(data.get("grade", data.get("weighted_earned")))
        most = _number(data.get("max_grade", data.get("weighted_possible")))
        if raw is not None and most:
            result = {"score": {"min": 0, "max": most, "raw": raw, "scaled": raw / most}}
        if data.get("success") is not None:
            result["success"] = data["success"] == "correct"
    elif verb == "progressed":
        done = _number(data.get("completion", data.get("percent"))) or 0.0
        result = {"completion": done >= 1.0, "extensions": {_PROGRESS: done * 100}}
    elif kind == "course" and data.get("mode"):
        made["object"]["definition"]["extensions"] = {_MODE: data["mode"]}
    if result:
        made["result"] = result


def _requested(path: str, event: str, reading: Reading) -> tuple[str, str] | None:
    """What a request of a page is: reading in a course, talking in its forum where no event of its own says so, or neither."""
    if _TALK.search(path):
        return None if reading.talks else (ACROSS + "posted", "discussion")
    found = _COURSE.match(path)
    inside = found[2] or "" if found else ""
    if not inside or _INSIDE.match(inside) or "/inline" in inside or not _READ.match(inside):
        return None
    return TIN + "viewed", "page"


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _data(event: Any) -> dict[str, Any]:
    """What happened, as an object: given as one, as JSON in a text, or as a form of a page; a list and nothing say nothing."""
    if isinstance(event, str):
        try:
            event = json.loads(event)
        except (ValueError, RecursionError):
            event = {key: values[-1] for key, values in parse_qs(event).items()} if "=" in event else {}
    return _object(event)


def _number(value: Any) -> float | None:
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if abs(found) < 1e12 else None


def _home(event: dict[str, Any], page: str) -> str:
    host = str(event.get("host") or "")
    found = re.match(r"https?://[^/]+", page)
    return f"https://{host}" if host else (found[0] if found else "https://localhost")


def _course(context: dict[str, Any], data: dict[str, Any], name: str, page: str) -> str:
    for said in (context.get("course_id"), data.get("course_id")):
        if isinstance(said, str) and said:
            return said
    found = _COURSE.search(name) or _COURSE.search(page)
    return found[1] if found else ""


def _thing(kind: str, data: dict[str, Any], name: str, course: str, page: str) -> str:
    """What the event is about: the block, the discussion, the page; the course where it says no more."""
    if kind == "course":
        return course or name
    keys = (
        "problem_id",
        "module_id",
        "usage_key",
        "block_id",
        "id",
        "url_name",
        "target_url",
        "tool_id",
        "certificate_id",
        "exam_id",
        "submission_uuid",
    )
    said = next((str(data[key]) for key in keys if data.get(key)), "")
    if kind == "problem" and not said:
        # A browser names the fields of the form only: input_i4x-edX-DemoX-problem-<hash>_2_1
        said = next(
            (re.sub(r"^input_|_\d+_\d+(\[\])?$", "", key) for key in data if key.startswith("input_")), ""
        )
    if kind == "video" and course.startswith("course-v1:") and re.fullmatch(r"[0-9a-f]{32}", said):
        said = f"block-v1:{course.removeprefix('course-v1:')}+type@video+block@{said}"
    return said or (name if name.startswith("/") else "") or page or course or name


def _address(home: str, kind: str, thing: str, data: dict[str, Any], name: str) -> str:
    """The IRI under which Open edX publishes a thing."""
    if re.match(r"https?://", thing):
        return thing
    if thing.startswith("/"):
        return home + thing
    if kind == "discussion":
        return f"{home}/api/discussion/v1/{'threads' if '.thread.' in name else 'comments'}/{thing}"
    if kind in ("course", "certificate", "exam", "assignment"):
        return f"{home}/{kind}/{thing}"
    inside = {"solution": "/answer", "hint": f"/hint/{data.get('hint_index', 0)}"}.get(kind, "")
    return f"{home}/xblock/{thing}{inside}"
