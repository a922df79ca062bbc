"""What an administrator is about to take in: source, files, preview and the decision; and what came of the last one."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.job import Job
from dashboards.language import gettext
from dashboards.page import Context
from dashboards.part import badge, card, format, icon
from dashboards.part.admin.ledger import added, equation, report_list
from dashboards.part.admin.preview import preview_finding, previews, takeable
from dashboards.part.admin.word import target_name
from portrait.errors import MappingError
from portrait.intake.mapping import load_mapping
from portrait.intake.sketch import NEW, recognised
from portrait.intake.upload import ACCEPTED, Taken, Upload
from portrait.source import mapping_titles


def upload_card(context: Context, upload: Upload, look: Job | None, failed: Job | None) -> Any:
    """Source, drop zone and, once files wait, their preview. `look` is the preview's job, `failed` an intake to be told of."""
    if not upload.files:
        return card(
            gettext("接入文件"),
            gettext("先选来源，再放文件；看过预览、按下“接入”之前，什么也不入库。"),
            _told(failed),
            _source(context, upload),
            _drop(context),
            icon_name="upload",
        )
    found = look.result.found if look is not None and not look.running and look.result is not None else None
    return card(
        gettext("接入文件"),
        preview_finding(found) if found is not None else gettext("文件已经上传，还没有入库。"),
        _told(failed),
        _known(context, upload),
        _source(context, upload),
        _files(upload),
        _drop(context),
        html.P(gettext(look.error), className="said bad") if look is not None and look.error else None,
        previews(found) if found is not None else None,
        action=[
            dmc.Button(
                gettext("接入"),
                id={"type": "intake-do", "do": "take", "name": ""},
                disabled=found is None or not takeable(found),
                n_clicks=0,
            ),
            *([_button(gettext("不知道选哪个，按表头提出映射"), "sketch")] if not upload.source else []),
            _button(gettext("丢弃"), "discard"),
            html.Span(_next(upload, look, found is not None), className="quiet"),
        ],
        icon_name="upload",
    )


def new_card(context: Context, upload: Upload, body: Any, failed: Job | None) -> Any:
    """A sheet of which no mapping knows: the proposal, to be corrected and saved."""
    return card(
        gettext("接入文件"),
        gettext("按表头和内容提出了一份映射：核对每一列，改正以后存好。什么也还没有入库。"),
        _told(failed),
        _known(context, upload),
        _source(context, upload),
        _files(upload),
        _drop(context),
        html.Div(body, id="sketch", className="stack-tight sketch"),
        action=[_button(gettext("丢弃"), "discard")],
        icon_name="upload",
    )


def stuck_card(upload: Upload, why: str) -> Any:
    """Files that cannot even be looked at: what is wrong, and the way to be rid of them."""
    return card(
        gettext("接入文件"),
        gettext("等着的文件看不了，什么也没有入库。拿掉有问题的，或者全部丢弃，再上传改好的。"),
        html.P(why, className="said bad", role="alert"),
        _files(upload),
        action=[_button(gettext("丢弃"), "discard")],
        icon_name="alert",
    )


def taken_card(taken: Taken) -> Any:
    """The ledger of what has just come in, and the next thing to do."""
    whole = added([one.counts for one in taken.reports])
    stored = whole.rows_stored
    return card(
        gettext("接入完成"),
        equation(whole) if taken.reports else gettext("没有文件接入。"),
        report_list(taken.reports) if taken.reports else None,
        html.Ul(
            [
                html.Li(
                    gettext(why)
                    if why.startswith(file)
                    else [html.B(file), gettext("：{words}", words=gettext(why))]
                )
                for file, why in taken.refused
            ],
            className="said bad plain",
        )
        if taken.refused
        else None,
        action=[
            *([_button(gettext("重算画像"), "refresh", "filled")] if stored else []),
            _button(gettext("再接入一批"), "close"),
            html.Span(
                gettext("重算以后，新的记录才进入画像。")
                if stored
                else gettext("没有新的行，画像不用重算。"),
                className="quiet",
            ),
        ],
        icon_name="check",
    )


def _told(failed: Job | None) -> Any:
    if failed is None:
        return None
    words = (
        gettext("没有接入，文件还在这里，可以再试。")
        if failed.code in ("P500", "P510")
        else gettext("没有接入。")
    )
    return html.P([html.B(words), " ", gettext(failed.error)], className="said bad", role="alert")


def _known(context: Context, upload: Upload) -> Any:
    """Rules that were made for just this header, before anything else is offered; nothing where there are none."""
    known = recognised(context.site.settings.home, upload.files)
    if not known:
        return None
    titles = mapping_titles(context.site.settings.home)
    return html.Div(
        [
            html.B(gettext("已有的规则：")),
            *(_rule(name, gettext(titles.get(name, name)), name == upload.source) for name in known),
            _button(gettext("另拟一个"), "sketch") if upload.source != NEW else None,
        ],
        className="known-rules",
        role="status",
    )


def _rule(name: str, title: str, used: bool) -> Any:
    return html.Span(
        [
            html.Span(gettext("{title}（{name}）", title=title, name=name)),
            badge(gettext("正在用它"), "good")
            if used
            else dmc.Button(
                gettext("用它"), id={"type": "intake-do", "do": "use", "name": name}, size="sm", n_clicks=0
            ),
        ],
        className="known-rule",
    )


def _source(context: Context, upload: Upload) -> Any:
    home = context.site.settings.home
    titles = mapping_titles(home)
    known = recognised(home, upload.files)
    # Mappings that know the header of what waits stand first.
    listed = [
        {
            "value": name,
            "label": gettext(
                "表头对得上：{title}（{name}）", title=gettext(titles.get(name, name)), name=name
            ),
        }
        for name in known
    ]
    listed.append({"value": NEW, "label": gettext("认不出来源，或是新的表格…")})
    listed += [
        {"value": name, "label": gettext("{title}（{name}）", title=gettext(title), name=name)}
        for name, title in sorted(titles.items())
        if name not in known
    ]
    return html.Div(
        [
            dmc.Select(
                id="intake-source",
                label=gettext("来源（映射）"),
                data=listed,
                value=upload.source or None,
                searchable=True,
                allowDeselect=False,
                placeholder=gettext("选一个来源"),
                nothingFoundMessage=gettext("没有这个来源；映射放在家目录的 mapping 文件夹里"),
                className="intake-source",
            ),
            _wanted(context, upload.source) if upload.source not in ("", NEW) else None,
        ],
        className="stack-tight",
    )


def _wanted(context: Context, source: str) -> Any:
    """Which files the chosen mapping reads, and as what."""
    try:
        mapping = load_mapping(source, context.site.settings.home)
    except MappingError as error:
        return html.P(gettext(error.message), className="said bad")
    wanted: dict[str, list[str]] = {}
    for stream in mapping.streams:
        what = target_name(stream.target.name)
        if stream.layout.heads:
            columns = gettext("、").join(stream.layout.heads)
            what = gettext("{what}（表头里有 {columns}）", what=what, columns=columns)
        wanted.setdefault(stream.layout.file, []).append(what)
        for join in stream.joins:
            wanted.setdefault(join.layout.file, []).append(gettext("对照"))
    parts: list[Any] = [html.Span(gettext("它读的文件："), className="quiet")]
    for pattern, targets in wanted.items():
        words = gettext("、").join(dict.fromkeys(targets))
        parts.append(
            html.Span([html.Code(pattern), html.Span(words, className="quiet")], className="pattern")
        )
    return html.P(parts, className="patterns")


def _drop(context: Context) -> Any:
    """What assets/intake.js turns into an upload; every word that it says stands here, in the reader's language."""
    most = context.site.settings.upload_megabytes
    data = {
        "data-accept": ",".join(ACCEPTED),
        "data-megabytes": str(most),
        "data-sending": gettext("正在上传 {name}（{n}/{all}）：{percent}%"),
        "data-cancel": gettext("取消上传"),
        "data-cancelled": gettext("已取消，{name} 没有上传。"),
        "data-large": gettext("{name}：有 {size} MB，超过 {most} MB 的上限；请分成几个文件，或用命令 portrait intake 导入。"),
        "data-empty": gettext("{name}：文件是空的（0 字节）。"),
        "data-wrong": gettext("{name}：不收这种文件；收的有 {accept}（别的压缩包请先解开）。"),
        "data-lost": gettext("{name}：没有传上去，请检查网络后再试。"),
    }  # fmt: skip
    return html.Button(
        [
            icon("upload", 24),
            html.Span(
                [
                    html.B(gettext("选择文件，或把文件拖到这里")),
                    html.Small(
                        gettext(
                            "CSV、XLSX、Parquet、JSON 行，或装着它们的 zip；可以一次选几个，每个不超过 {n} MB",
                            n=most,
                        )
                    ),
                ]
            ),
        ],
        id="intake-drop",
        className="drop",
        type="button",
        **data,
    )


def _files(upload: Upload) -> Any:
    return html.Ul(
        [
            html.Li(
                [
                    icon("file", 18),
                    html.Span(file.name, className="file-name"),
                    html.Span(format.size(file.stat().st_size), className="quiet nowrap"),
                    html.Button(
                        icon("close", 16),
                        id={"type": "intake-do", "do": "remove", "name": file.name},
                        n_clicks=0,
                        className="bar-button",
                        title=gettext("拿掉这个文件"),
                        **{"aria-label": gettext("拿掉 {name}", name=file.name)},
                    ),
                ]
            )
            for file in upload.files
        ],
        className="files",
    )


def _next(upload: Upload, look: Job | None, seen: bool) -> Any:
    """Why 接入 cannot be pressed yet; nothing once it can."""
    if not upload.source:
        return gettext("还没有选来源。")
    if look is not None and look.running:
        return badge(gettext("正在预览…"), "data")
    return "" if seen else gettext("预览没有做成。")


def _button(text: str, do: str, variant: str = "default") -> Any:
    return dmc.Button(text, id={"type": "intake-do", "do": do, "name": ""}, variant=variant, n_clicks=0)
