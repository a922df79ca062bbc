"""数据接入: files with a preview before anything is stored, the ledger of every batch, and one batch with its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, ctx, dcc, html, no_update
from flask import jsonify, request

from dashboards.incident import incident
from dashboards.job import Job
from dashboards.language import gettext
from dashboards.page import Context, Page, parse_query, whole
from dashboards.part import card, empty_state, format, link_button, page_header, panel
from dashboards.part.admin import desk
from dashboards.part.admin.batch import SHOWN, batch_cards, batch_numbers
from dashboards.part.admin.handling import register_rows
from dashboards.part.admin.ledger import batch_grid, batch_rows, equation, exact, sums_table
from dashboards.part.admin.panel import new_card, stuck_card, taken_card, upload_card
from dashboards.part.admin.sketching import register_sketch, sketch_body
from dashboards.part.admin.summary import intake_head
from dashboards.part.admin.word import source_name, target_name
from dashboards.part.job import job_card, ticker
from dashboards.part.original import shown_row
from portrait.errors import AccessRefused, PortraitError
from portrait.intake.sketch import NEW
from portrait.intake.upload import Taken, receive, sweep_uploads, upload_of
from portrait.record import COLUMN_STEP
from portrait.refresh import RefreshReport
from portrait.scope import Role
from portrait.sentence import sentence, without
from portrait.store.batch import batch_of, batches, replays, sources, sums
from portrait.store.quarantine import quarantine_codes, quarantined

PATH = "/intake"
MOST = 1000  # batches in the grid


def layout(context: Context, query: Mapping[str, str]) -> Any:
    asked = whole(query, "batch")
    if asked is not None:
        batch = html.Div(_batch(context, asked), id="batch-page", className="stack")
        return [batch, dcc.Store(id="batch-changed")]
    sweep_uploads(context.site.settings.home, context.now)
    return [
        html.Div(panel(gettext("数据接入"), intake_head, context), id="intake-head", className="stack"),
        html.Div(id="intake-sending", role="alert"),
        html.Div(_progress(context), id="intake-progress", className="stack"),
        html.Div(panel(gettext("接入文件"), _panel, context), id="intake-panel", className="stack"),
        html.Div(panel(gettext("全部批次"), _ledger, context), id="intake-ledger", className="stack"),
        dcc.Store(id="intake-arrived"),
        # After the panel: what that has begun is running.
        dcc.Store(id="intake-phase", data=desk.phase(context)),
        ticker("intake-tick", desk.running(context)),
    ]


# --- what stands on the page -----------------------------------------------------------------------------------


def _progress(context: Context) -> list[Any]:
    """Running jobs, and a refresh that is over until it has been read."""
    shown: list[Any] = []
    taking, looking, refreshing = (desk.job_of(context, kind) for kind in ("intake", "preview", "refresh"))
    if taking is not None and taking.running:
        shown.append(job_card(taking, gettext("正在接入")))
    elif looking is not None and looking.running:
        shown.append(job_card(looking, gettext("正在预览")))
    if refreshing is not None:
        shown.append(
            job_card(refreshing, gettext("正在重算画像")) if refreshing.running else _refreshed(refreshing)
        )
    return shown


def _refreshed(job: Job) -> Any:
    report: RefreshReport | None = job.result
    if report is None:
        words = gettext(job.error)
    elif report.portraits == "none" and report.cells == "none":
        words = gettext("没有新的记录，画像都是最新的。")
    elif not report.persons:
        words = gettext("新的记录已经汇进证据，没有教师的画像因此改变；还认不出人的记录要等教师名册。")
    else:
        words = gettext(
            "算进了 {batches} 个批次，更新了 {persons} 位教师的画像，截至 {day}。",
            batches=exact(report.batches),
            persons=exact(report.persons),
            day=format.day(report.as_of),
        )
    return card(
        gettext("画像重算好了") if report else gettext("画像没有重算"),
        words,
        action=dmc.Button(
            gettext("知道了"),
            id={"type": "intake-do", "do": "read", "name": ""},
            variant="default",
            size="sm",
            n_clicks=0,
        ),
        icon_name="check" if report else "alert",
    )


def _panel(context: Context) -> Any:
    """What waits. Whatever is wrong with it, the page stands and what waits can be given up."""
    try:
        return _drawn(context)
    except AccessRefused:
        raise
    except PortraitError as error:
        upload = upload_of(context.site.settings.home, context.actor.user_id)
        told = without(error.message, str(upload.folder), sentence("上传的文件"))
        return stuck_card(upload, gettext(told))
    except Exception as error:
        upload = upload_of(context.site.settings.home, context.actor.user_id)
        return stuck_card(upload, gettext("问题已经记录，编号 {number}。", number=incident(error)))


def _drawn(context: Context) -> Any:
    taking = desk.job_of(context, "intake")
    if taking is not None and taking.running:
        return None
    if taking is not None and isinstance(taking.result, Taken):
        return taken_card(taking.result)
    upload = desk.waiting(context)
    if upload.files and upload.source == NEW:
        return new_card(context, upload, sketch_body(context), taking)
    return upload_card(context, upload, desk.look_of(context, upload), taking)


def _ledger(context: Context) -> list[Any]:
    with context.site.registry.connect() as connection:
        found = sums(connection, context.scope)
        listed = batches(connection, context.scope, limit=MOST)
        names = sources(connection, context.scope)
    if not listed:
        return [
            card(
                gettext("全部批次"),
                "",
                empty_state(
                    gettext("还没有批次"),
                    gettext("一个文件的一种内容是一批；接入以后，每一批的每一行去了哪里都列在这里。"),
                ),
                icon_name="evidence",
            )
        ]
    whole_ = sum(one.batches for one in found)
    words = gettext("每一批：读入 = 入库 + 重复 + 隔离。点任何一行，看这一批的来龙去脉。")
    if (fixed := context.site.settings.today) is not None and fixed != context.now.astimezone(
        format.CHINA
    ).date():
        clock = gettext("这里的时间是机器的时间；画像和质量按“今天”是 {day}算。", day=format.day(fixed))
        words = gettext("{first}{then}", first=words, then=clock)
    replays = sum(one.origin is not None for one in listed)
    if whole_ > len(listed) - replays:
        most = gettext(
            "共 {n} 批，这里是最近的 {most} 批。", n=exact(whole_), most=exact(len(listed) - replays)
        )
        words = gettext("{first}{then}", first=words, then=most)
    if replays:
        also = gettext("表里还有 {n} 次重放：读的是原来那批的行，不另算一批。", n=exact(replays))
        words = gettext("{first}{then}", first=words, then=also)
    return [
        card(
            gettext("各来源"),
            gettext("每个来源的账加起来；未认人的行等名册里有了这个人的号码就自动对上。"),
            sums_table(context.site, found),
            icon_name="merge",
        ),
        card(
            gettext("全部批次"),
            words,
            html.Div(
                dmc.Select(
                    id="intake-shown",
                    label=gettext("来源"),
                    data=[{"value": name, "label": source_name(context.site, name)} for name in names],
                    placeholder=gettext("全部来源"),
                    clearable=True,
                    className="intake-source",
                ),
                className="filters",
            ),
            batch_grid("intake-batches", context.site, listed),
            icon_name="evidence",
        ),
    ]


def _batch(context: Context, asked: int) -> Any:
    with context.site.registry.connect() as connection:
        one = batch_of(connection, asked, context.scope)
        codes = quarantine_codes(connection, context.scope, number=one.id, state="")
        rows = quarantined(connection, context.scope, number=one.id, state="", limit=SHOWN)
        again = replays(connection, one.id, context.scope)
    if rows:
        context.note("look", f"batch:{one.id}", reason=sentence("隔离行的原样"))
    return [
        page_header(
            gettext("第 {n} 号批次", n=one.id),
            [
                source_name(context.site, one.source),
                " · ",
                target_name(one.target),
                " · ",
                equation(one.counts),
            ],
            link_button(gettext("全部批次"), PATH, icon_name="left"),
        ),
        batch_numbers(one),
        *batch_cards(context.site, one, codes, rows, again),
    ]


# --- callbacks -------------------------------------------------------------------------------------------------


def register(app: Any, context: Callable[[], Context]) -> None:
    _register_upload(app, context)
    register_rows(app, context, "batch")

    def panel(here: Context) -> tuple[Any, ...]:
        """Panel, progress, whether the clock stands, phase: in this order, for drawing the panel begins the preview."""
        drawn = _panel(here)
        return drawn, _progress(here), not desk.running(here), desk.phase(here)

    outputs = (
        Output("intake-panel", "children", allow_duplicate=True),
        Output("intake-progress", "children", allow_duplicate=True),
        Output("intake-tick", "disabled", allow_duplicate=True),
        Output("intake-phase", "data", allow_duplicate=True),
    )

    register_sketch(app, context, panel)

    @app.callback(
        *outputs,
        Input({"type": "intake-do", "do": ALL, "name": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def press(_clicks: list[int]) -> Any:
        here = context()
        # Buttons that merely appear on the page trigger this with no click.
        if not ctx.triggered_id or not ctx.triggered[0]["value"]:
            return (no_update,) * 4
        desk.act(here, str(ctx.triggered_id["do"]), str(ctx.triggered_id["name"]))
        return panel(here)

    @app.callback(*outputs, Input("intake-source", "value"), prevent_initial_call=True)
    def choose_source(value: str | None) -> Any:
        here = context()
        # A control that merely appears says again what is so already.
        if not value or not desk.use_source(here, str(value)):
            return (no_update,) * 4
        return panel(here)

    @app.callback(*outputs, Input("intake-arrived", "data"), prevent_initial_call=True)
    def arrived(_when: Any) -> Any:
        here = context()
        desk.begin_anew(here)
        desk.clear_away(here)
        return panel(here)

    @app.callback(
        *outputs,
        Output("intake-head", "children"),
        Output("intake-ledger", "children"),
        Input("intake-tick", "n_intervals"),
        State("intake-phase", "data"),
        prevent_initial_call=True,
    )
    def tick(_n: int | None, drawn: str | None) -> Any:
        here = context()
        if drawn == desk.phase(here) and desk.running(here):
            return no_update, _progress(here), no_update, no_update, no_update, no_update
        return *panel(here), intake_head(here), _ledger(here)

    @app.callback(
        Output("batch-page", "children"),
        Input("batch-changed", "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def changed(count: Any, search: str | None) -> Any:
        here = context()
        asked = whole(parse_query(search or ""), "batch")
        return _batch(here, asked) if count and asked is not None else no_update

    @app.callback(
        Output("batch-line-row", "children"),
        Output("batch-line", "value"),
        Input("batch-line-show", "n_clicks"),
        Input("batch-line-before", "n_clicks"),
        Input("batch-line-after", "n_clicks"),
        State("batch-line", "value"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def show_line(_show: Any, _before: Any, _after: Any, value: Any, search: str | None) -> Any:
        here = context()
        if not ctx.triggered_id or not ctx.triggered[0]["value"]:
            return no_update, no_update
        step = {"batch-line-before": -1, "batch-line-after": 1}.get(str(ctx.triggered_id), 0)
        asked = whole(parse_query(search or ""), "batch")
        line = whole({"line": str(value)}, "line")
        if asked is None or line is None:
            return html.P(gettext("行号要写成 1 或更大的整数。"), className="said bad"), no_update
        line = min(max(line + step, 1), COLUMN_STEP - 1)
        with here.site.registry.connect() as connection:
            one = batch_of(connection, asked, here.scope)
        return shown_row(here, one.id, line), line

    @app.callback(
        Output("intake-batches", "rowData"),
        Input("intake-shown", "value"),
        prevent_initial_call=True,
    )
    def show(source: str | None) -> Any:
        here = context()
        with here.site.registry.connect() as connection:
            listed = batches(connection, here.scope, source=str(source or ""), limit=MOST)
        return batch_rows(here.site, listed)

    @app.callback(
        Output("url", "search", allow_duplicate=True),
        Input("intake-batches", "cellClicked"),
        prevent_initial_call=True,
    )
    def open_batch(cell: Any) -> Any:
        context()
        key = str(cell.get("rowId", "")) if isinstance(cell, dict) else ""
        return f"?batch={key}" if key.isascii() and key.isdigit() else no_update


def _register_upload(app: Any, context: Callable[[], Context]) -> None:
    """Files come past Dash, as they are: inside a callback they would be text, held in memory several times."""

    @app.server.post("/intake/upload")
    def upload() -> Any:
        try:
            here = context()
            desk.idle(here)
            settings = here.site.settings
            request.max_content_length = settings.upload_bytes
            file = receive(
                settings.home,
                here.actor.user_id,
                request.args.get("name", ""),
                request.stream,
                megabytes=settings.upload_megabytes,
                still=lambda: desk.idle(here),
            )
        except PortraitError as error:
            return jsonify(message=gettext(error.message)), 403 if isinstance(error, AccessRefused) else 422
        here.note("upload", f"file:{file.name}")
        return jsonify(name=file.name)


PAGE = Page(PATH, lambda: gettext("数据接入"), "upload", frozenset({Role.ADMIN}), layout, register)
