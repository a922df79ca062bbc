"""A framework file in through the page: where it is chosen, how it is taken in past Dash, and what is said of it afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html
from flask import jsonify, request

from dashboards.language import gettext
from dashboards.page import Context
from dashboards.part import card, format, icon
from dashboards.part.framework import edition_name, framework_title
from portrait.errors import AccessRefused, InputError, NotFound, PortraitError
from portrait.intake.frame import MOST_BYTES
from portrait.intake.library import find_edition, import_frame
from portrait.intake.upload import safe_name
from portrait.scope import Role
from portrait.sentence import sentence

MOST_NOTES = 10  # of what was repaired
_BLOCK = 1 << 20


def import_card(context: Context) -> Any:
    """What assets/proof.js turns into an upload; every word that it says stands here, in the reader's language."""
    most = _most_bytes(context) >> 20
    data = {
        "data-post": "/framework/upload",
        "data-board": "framework-sending",
        "data-store": "framework-done",
        "data-accept": ".json",
        "data-megabytes": str(most),
        "data-sending": gettext("正在上传 {name}：{percent}%"),
        "data-large": gettext("{name}：超过 {most} MB 的上限。"),
        "data-wrong": gettext("{name}：不收这种文件；收的有 {accept}。"),
        "data-lost": gettext("{name}：没有传上去，请检查网络后再试。"),
    }
    words = gettext("CASE 1.0 包或本系统的框架文件：JSON，不超过 {n} MB", n=most)
    return card(
        gettext("导入框架"),
        gettext("同一个框架再来、内容有变，就是新的一版；有一处不对，整个文件都不收，并说明错在哪里。"),
        html.Button(
            [icon("upload", 22), html.Span([html.B(gettext("选择框架文件")), html.Small(words)])],
            id="framework-drop",
            type="button",
            className="drop",
            **data,
        ),
        html.Div(id="framework-sending", role="status", **{"aria-live": "polite"}),
        dcc.Store(id="framework-done"),
        html.Div(id="framework-said", role="status", **{"aria-live": "polite"}),
        icon_name="upload",
    )


def _most_bytes(context: Context) -> int:
    return min(MOST_BYTES, context.site.settings.upload_megabytes << 20)


def import_said(context: Context, done: Any) -> Any:
    """What came of an upload, as the route has told it: the edition that holds it, whether it is new, and what was repaired."""
    if not isinstance(done, dict):
        return None
    try:
        one = find_edition(context.site, str(done.get("identifier", "")))
    except NotFound:
        return None
    notes = [gettext(str(note)) for note in done.get("notes", [])][:MOST_NOTES]
    words = gettext(
        "{title}：{edition}，{n} 条，{m} 个关联。",
        title=framework_title(one),
        edition=edition_name(one),
        n=format.count(one.items),
        m=format.count(one.associations),
    )
    same = "" if done.get("new") else gettext("内容和这一版相同，没有新的一版。")
    return [
        html.P(
            [
                words,
                same,
                " ",
                html.A(gettext("看这个框架"), href=f"/framework?{urlencode({'framework': one.name})}"),
            ],
            className="said good",
        ),
        html.Ul([html.Li(gettext("修正：{note}", note=note)) for note in notes], className="quiet")
        if notes
        else None,
    ]


def framework_in(context: Callable[[], Context]) -> Any:
    """The body of a request as a framework, by the same checks and with the same result as the command."""
    try:
        here = context()
        if here.actor.role is not Role.ADMIN:
            raise AccessRefused("只有管理员能导入框架")
        name, most = safe_name(request.args.get("name", "")), _most_bytes(here)
        request.max_content_length = most + _BLOCK
        with tempfile.TemporaryDirectory(dir=here.site.settings.home, prefix="half-") as folder:
            path = Path(folder) / "framework"
            with path.open("wb") as file:
                while block := request.stream.read(_BLOCK):
                    if file.tell() + len(block) > most:
                        raise InputError("{file}：超过 {most} MB 的上限", file=name, most=most >> 20)
                    file.write(block)
            done = import_frame(here.site, path, by=here.actor.login, name=name)
    except PortraitError as error:
        return jsonify(message=gettext(error.message)), 403 if isinstance(error, AccessRefused) else 422
    one = done.edition
    if done.new:
        thing = f"framework:{one.identifier}"[:120]
        here.note("import-framework", thing, reason=sentence("第 {n} 版", n=one.number))
    return jsonify(name=name, id={"identifier": one.identifier, "new": done.new, "notes": list(done.notes)})
