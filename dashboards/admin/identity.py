"""身份合并: accounts and persons that may be one, answered by somebody who sees both sides; what was decided, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, ctx, html, no_update

from dashboards.job import Job, Tell
from dashboards.language import gettext
from dashboards.page import Context, Page, parse_query
from dashboards.part import card, empty_state, link_button, notify, number, numbers, page_header, panel
from dashboards.part.admin.choice import choice, choices, register_choices
from dashboards.part.admin.side import history_row, question_card, represented
from dashboards.part.admin.word import QUESTION_TABS
from dashboards.part.job import job_card, ticker
from dashboards.part.number import counted
from portrait.errors import InputError, NotFound
from portrait.lake.activity import activities
from portrait.refresh import RefreshReport
from portrait.scope import Role
from portrait.settled import refresh_decided
from portrait.store.decision import ANSWERS, TABLES, answer, undo
from portrait.store.question import Question, history, question, question_counts, questions

PATH = "/identity"
MOST = 30  # questions at a time: each is to be read
PAST = 60


def layout(context: Context, query: Mapping[str, str]) -> Any:
    return [
        html.Div(panel(gettext("身份合并"), _head, context), id="identity-head", className="stack"),
        html.Div(_progress(context), id="identity-progress", className="stack"),
        html.Div(panel(gettext("等待确认"), _list, context, query), id="identity-list", className="stack"),
        ticker("identity-tick", _running(context)),
    ]


def _tab(query: Mapping[str, str]) -> str:
    return query["tab"] if query.get("tab") in QUESTION_TABS else "waiting"


def _head(context: Context) -> list[Any]:
    with context.site.registry.connect() as connection:
        total, later = question_counts(connection, context.scope)
    waiting = total - later
    words = (
        gettext(
            "{n} 项要有人看一眼：两边是不是同一人。没有回答之前，认不出的账号不算在任何人名下，两位名册里的教师各算各的。",
            n=f"{waiting:,}",
        )
        if waiting
        else gettext("没有等待确认的。有把握的账号已经自动关联，随时可以撤销。")
    )
    return [
        page_header(gettext("身份合并"), words),
        numbers(
            number(*counted(gettext("{n} 项", n=f"{waiting:,}")), label=gettext("等待确认")),
            number(*counted(gettext("{n} 项", n=f"{later:,}")), label=gettext("以后再说")),
        ),
    ]


def _list(context: Context, query: Mapping[str, str]) -> Any:
    tab = _tab(query)
    controls = choices(
        choice(
            "identity",
            "tab",
            gettext("看什么"),
            tab,
            {code: gettext(name) for code, name in QUESTION_TABS.items()},
            clearable=False,
        ),
        _search(query.get("about", "")) if tab == "history" else None,
    )
    with context.site.registry.connect() as connection:
        if tab == "history":
            found = history(connection, context.scope, text=query.get("about", "")[:60], limit=PAST)
        else:
            found = questions(connection, context.scope, later=tab == "later", limit=MOST)
    if not found:
        return card(gettext(QUESTION_TABS[tab]), "", controls, _nothing(tab), icon_name="merge")
    context.note("look", f"identity:{tab}", reason=gettext("{n} 项的两边", n=len(found)))
    if tab == "history":
        said = gettext("最近的在前。撤销以后数字回到没有它的样子；历史都留着。")
        body: Sequence[Any] = [history_row(context.site, one) for one in found]
    else:
        said = gettext("最有把握的在前，一次列 {most} 项。", most=MOST)
        known = _known(context, found)
        body = [question_card(context.site, one, known) for one in found]
    return card(
        gettext(QUESTION_TABS[tab]),
        said,
        controls,
        html.Div(list(body), className="questions"),
        icon_name="merge",
    )


def _known(context: Context, found: Sequence[Question]) -> Any:
    seats = {number for one in found for side in (one.left, one.right) for number in side.accounts}
    return activities(context.site.pool, context.site.lake.buckets, seats)


def _search(about: str) -> Any:
    return dmc.TextInput(
        id={"type": "identity-filter", "name": "about"},
        label=gettext("姓名、编号或账号"),
        value=about,
        debounce=400,
        placeholder=gettext("不填只列有人处理过的；填了连自动关联一起找"),
        className="broad",
    )


def _nothing(tab: str) -> Any:
    if tab == "history":
        return empty_state(
            gettext("没有这样的历史"), gettext("认定、不认定和撤销都会留在这里。"), icon_name="audit"
        )
    if tab == "later":
        return empty_state(gettext("没有放到以后的"), "", icon_name="check")
    return empty_state(
        gettext("没有等待确认的"),
        gettext("同一个标识属于两位教师、姓名对不上、只有姓名和学校的，会停在这里等人看。"),
        icon_name="check",
        action=link_button(gettext("去数据接入"), "/intake"),
    )


# --- the portraits of those whom a decision touched ------------------------------------------------------------


def _job(context: Context) -> Job | None:
    return context.jobs.find("refresh")


def _running(context: Context) -> bool:
    return context.jobs.running("refresh")


def _progress(context: Context) -> list[Any]:
    job = _job(context)
    if job is None:
        return []
    if job.running:
        return [job_card(job, gettext("正在重算受影响的画像"))]
    if job.error:
        words = gettext("画像没有重算成：{why}", why=gettext(job.error))
        return [html.P([words, " ", link_button(gettext("去数据接入"), "/intake")], className="said bad")]
    return []


def _refresh(context: Context) -> None:
    site = context.site

    def work(tell: Tell) -> RefreshReport:
        return refresh_decided(site, tell)

    context.jobs.start("refresh", work, by=context.actor.login, now=context.now)


# --- decisions -------------------------------------------------------------------------------------------------


def _row(context: Context, key: str) -> tuple[str, int]:
    """What the browser names. Raises NotFound for what is none of the reader's."""
    thing, _, text = key.partition(":")
    if thing in TABLES and text.isascii() and text.isdigit() and len(text) < 19:
        with context.site.registry.connect() as connection:
            if question(connection, thing, int(text), context.scope) is not None:
                return thing, int(text)
    raise NotFound("没有这一项")


def _answer(context: Context, key: str, said: str, note: str, stands: str) -> str:
    """Writes the answer; what it comes to, in words."""
    if said not in ANSWERS:
        raise InputError("没有这种处理")
    thing, id = _row(context, key)
    with context.site.registry.begin() as connection:
        answer(
            connection,
            thing,
            id,
            said,
            by=context.actor.login,
            now=context.now,
            note=note,
            stands=int(stands) if stands.isascii() and stands.isdigit() and len(stands) < 20 else None,
        )
        found = question(connection, thing, id, context.scope)
    context.note(f"identity.{said}", key, reason=note)
    if said == "same":
        _refresh(context)
    if said == "same" and thing == "alias" and found is not None:
        return gettext("记下了：{answer}。{then}", answer=gettext(ANSWERS[said]), then=represented(found))
    return gettext("记下了：{answer}", answer=gettext(ANSWERS[said]))


def _undo(context: Context, key: str) -> None:
    thing, id = _row(context, key)
    with context.site.registry.begin() as connection:
        undo(connection, thing, id, by=context.actor.login, now=context.now)
    context.note("identity.undo", key)
    _refresh(context)


# --- callbacks -------------------------------------------------------------------------------------------------


def register(app: Any, context: Callable[[], Context]) -> None:
    register_choices(app, context, "identity", _changed)
    drawn = (
        Output("identity-list", "children", allow_duplicate=True),
        Output("identity-head", "children", allow_duplicate=True),
        Output("identity-progress", "children", allow_duplicate=True),
        Output("identity-tick", "disabled", allow_duplicate=True),
    )

    def draw(here: Context, search: str | None) -> Any:
        listed = _list(here, parse_query(search or ""))
        return listed, _head(here), _progress(here), not _running(here)

    @app.callback(
        *drawn,
        Input({"type": "identity-do", "key": ALL, "do": ALL}, "n_clicks"),
        State({"type": "identity-note", "key": ALL}, "value"),
        State({"type": "identity-note", "key": ALL}, "id"),
        State({"type": "identity-stands", "key": ALL}, "value"),
        State({"type": "identity-stands", "key": ALL}, "id"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def press(
        _clicks: list[int],
        notes: list[Any],
        ids: list[dict[str, Any]],
        chosen: list[Any],
        pairs: list[dict[str, Any]],
        search: str | None,
    ) -> Any:
        here = context()
        # Buttons that merely appear on the page trigger this with no click.
        if not ctx.triggered_id or not ctx.triggered[0]["value"]:
            return (no_update,) * 4
        key, do = str(ctx.triggered_id["key"]), str(ctx.triggered_id["do"])
        written = {str(id["key"]): str(text or "") for id, text in zip(ids, notes, strict=True)}
        stands = {str(id["key"]): str(one or "") for id, one in zip(pairs, chosen, strict=True)}
        notify(_answer(here, key, do, written.get(key, ""), stands.get(key, "")))
        return draw(here, search)

    @app.callback(
        *drawn,
        Input({"type": "identity-undo", "key": ALL}, "n_clicks"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def take_back(_clicks: list[int], search: str | None) -> Any:
        here = context()
        if not ctx.triggered_id or not ctx.triggered[0]["value"]:
            return (no_update,) * 4
        _undo(here, str(ctx.triggered_id["key"]))
        notify(gettext("已撤销"))
        return draw(here, search)

    @app.callback(
        Output("identity-progress", "children"),
        Output("identity-tick", "disabled"),
        Input("identity-tick", "n_intervals"),
        prevent_initial_call=True,
    )
    def tick(_n: int | None) -> Any:
        here = context()
        return _progress(here), not _running(here)


def _changed(query: Mapping[str, str], name: str, value: str) -> str | None:
    before = {"tab": _tab(query), "about": query.get("about", "")}
    after = {**before, name: value[:60]}
    after["tab"] = _tab(after)
    if after == before:
        return None
    kept = {
        "tab": "" if after["tab"] == "waiting" else after["tab"],
        "about": after["about"] if after["tab"] == "history" else "",
    }
    pairs = {name: text for name, text in kept.items() if text}
    return f"?{urlencode(pairs)}" if pairs else ""


PAGE = Page(PATH, lambda: gettext("身份合并"), "merge", frozenset({Role.ADMIN}), layout, register)
