"""Source platforms at the learning record store: what came from each, its credentials, a secret shown once, what was repaired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.language import gettext
from dashboards.part import badge, facts, format, grid, simple_table
from dashboards.part.admin.account import ABOVE
from dashboards.part.admin.ledger import exact
from dashboards.part.admin.quality import address
from dashboards.part.admin.word import REPAIRS, source_name
from portrait.intake.mapping import mapping_files
from portrait.sentence import Sentence
from portrait.site import Site
from portrait.store.credential import RIGHTS, RIGHTS_ZH, VERSIONS, Credential
from portrait.store.received import Received, Repaired


def received_table(site: Site, found: Sequence[Received], known: Sequence[str]) -> Any:
    """Statements by source; `known` are the sources that have batches to be shown."""
    files = mapping_files(site.settings.home)
    rows = [
        [
            source_name(site, one.source),
            exact(one.statements),
            html.Span(format.moment(one.last), className="nowrap"),
            exact(one.waiting),
            _mapping(files.get(one.source)),
            dmc.Anchor(gettext("质量和批次"), href=address(one.source))
            if one.source in known
            else html.Span(gettext("还没有"), className="quiet"),
        ]
        for one in found
    ]
    head = [
        gettext("来源"),
        gettext("语句"),
        gettext("最近存下"),
        gettext("等着汇入画像"),
        gettext("映射"),
        gettext("批次"),
    ]
    return html.Div(simple_table(head, rows, numeric=(1, 3)), className="table-scroll platform-table")


def _mapping(file: Path | None) -> Any:
    return html.Code(file.name) if file is not None else badge(gettext("没有映射"), "warn")


def credential_grid(id: str, site: Site, found: Sequence[Credential]) -> Any:
    """The credentials; a click opens one."""
    return grid(
        id,
        [
            {"field": "source", "headerName": gettext("来源"), "minWidth": 120, "flex": 2, "tooltipField": "source"},
            {"field": "name", "headerName": gettext("名称"), "minWidth": 110, "flex": 2, "tooltipField": "name"},
            {"field": "state", "headerName": gettext("状态"), "width": 96, "minWidth": 84},
            {"field": "rights", "headerName": gettext("权限"), "minWidth": 120, "flex": 1},
            {"field": "version", "headerName": gettext("版本"), "width": 84, "minWidth": 76},
            {"field": "rate", "headerName": gettext("每秒请求"), "width": 100, "minWidth": 90},
            {"field": "lenient", "headerName": gettext("宽松"), "width": 76, "minWidth": 70},
            {"field": "created", "headerName": gettext("增加"), "width": 150, "minWidth": 140},
            {"field": "key", "headerName": gettext("用户名（key）"), "minWidth": 220, "flex": 2},
        ],
        [_row(site, one) for one in found],
        options={"tooltipShowDelay": 300, "rowClass": "clickable"},
        spare=("version", "rate", "created", "lenient"),
        columnSize=None,
        getRowId="params.data.key",
    )  # fmt: skip


def _row(site: Site, one: Credential) -> Mapping[str, Any]:
    return {
        "key": one.key,
        "source": source_name(site, one.source),
        "name": one.name,
        "state": _state(one),
        "rights": gettext(RIGHTS_ZH[one.rights]),
        "version": one.version,
        "rate": _rate(one),
        "lenient": gettext("是") if one.lenient else gettext("否"),
        "created": format.stamp(one.created),
    }


def _state(one: Credential) -> str:
    return gettext("可用") if one.revoked is None else gettext("已停用")


def _rate(one: Credential) -> str:
    return exact(one.rate) if one.rate else gettext("不限")


def credential_body(site: Site, one: Credential, by: str, *, said: Any = None) -> Any:
    """One credential in the drawer, with the button that ends it."""
    return html.Div(
        [
            html.Div(said, role="status") if said is not None else None,
            facts(
                [
                    (gettext("来源"), source_name(site, one.source)),
                    (gettext("名称"), one.name),
                    (gettext("用户名（key）"), html.Code(one.key)),
                    (gettext("状态"), badge(_state(one), "good" if one.revoked is None else "thin")),
                    (gettext("权限"), gettext(RIGHTS_ZH[one.rights])),
                    (gettext("没写明版本时"), one.version),
                    (gettext("每秒请求"), _rate(one)),
                    (gettext("宽松"), gettext("是，修正已知的毛病并逐条记下") if one.lenient else gettext("否")),
                    (gettext("增加"), gettext("{when}，{by}", when=format.moment(one.created), by=by or format.NOTHING)),
                    *([(gettext("停用"), format.moment(one.revoked))] if one.revoked is not None else []),
                ]
            ),
            html.Div(
                dmc.Button(
                    gettext("停用这个凭据"),
                    id={"type": "store-do", "key": one.key},
                    variant="default",
                    size="sm",
                    n_clicks=0,
                ),
                className="answers",
            )
            if one.revoked is None
            else None,
            html.P(
                gettext("停用以后十秒之内不再放行，不能恢复；它写下的语句都保留，同一来源的新凭据照常读得到。密钥丢了就停用旧的，增加一个新的。"),
                className="quiet",
            ),
        ],
        className="behind",
        key=f"credential-{one.key}",
    )  # fmt: skip


def secret_once(one: Credential, mapping: str, lacking: Sentence | None = None) -> Any:
    """A new credential's key and secret, here and never again; `lacking` says what its courses still want."""
    return html.Div(
        [
            html.Span(
                gettext("{name} 的钥匙，密钥只显示这一次，请马上抄给平台：", name=one.name), className="whole"
            ),
            html.Span(gettext("用户名（key）")),
            html.Code(one.key),
            _copy(one.key),
            html.Span(gettext("密码（secret）")),
            html.Code(one.secret),
            _copy(one.secret),
            html.Span(
                gettext("它发来的语句按映射 {mapping} 成为学习记录，可以改。", mapping=mapping),
                className="whole quiet",
            ),
            html.Span(gettext("注意：{what}", what=lacking), className="whole") if lacking else None,
        ],
        className="secret-once",
    )


def _copy(text: str) -> Any:
    return dmc.CopyButton(
        value=text, children=gettext("复制"), copiedChildren=gettext("已复制"), size="xs", variant="default"
    )


def credential_form(catalogues: Sequence[str]) -> Any:
    """The form of a new credential; `catalogues` are the sources whose courses are known."""
    limited = {"maxLength": 40, "autoComplete": "off"}
    return html.Div(
        [
            dmc.TextInput(
                id="store-source",
                label=gettext("来源代码"),
                description=gettext("字母、数字和 _ . -；也是读它的语句的映射的名字，没有就从通用的 xAPI 映射抄一份"),
                value="",
                attributes={"input": limited},
            ),
            dmc.TextInput(
                id="store-name",
                label=gettext("名称"),
                description=gettext("写进它发来的每条语句的 authority；不填就用来源已有的标题，没有标题用来源代码"),
                value="",
                attributes={"input": {"maxLength": 120, "autoComplete": "off"}},
            ),
            dmc.Select(
                id="store-rights",
                label=gettext("权限"),
                data=[{"value": code, "label": gettext(RIGHTS_ZH[code])} for code in RIGHTS],
                value="own",
                comboboxProps=ABOVE,
                allowDeselect=False,
            ),
            dmc.Select(
                id="store-version",
                label=gettext("没有写明版本的请求得 400，回答里写"),
                data=[{"value": one, "label": f"xAPI {one}"} for one in VERSIONS],
                value=VERSIONS[0],
                comboboxProps=ABOVE,
                allowDeselect=False,
            ),
            dmc.NumberInput(
                id="store-rate",
                label=gettext("每秒最多多少个请求"),
                description=gettext("0 是不限"),
                value=0,
                min=0,
                max=100_000,
                allowDecimal=False,
            ),
            dmc.Switch(
                id="store-lenient",
                label=gettext("宽松：修正已知平台的已知毛病，逐条记下改了什么"),
                checked=False,
            ),
            dmc.Autocomplete(
                id="store-courses",
                label=gettext("课程是谁的目录里的"),
                description=gettext("写有那份课程目录的来源的代码，如 henan；不填就是它自己的。语句里的课程是网址的，按网址或网址的最后一段对。来源已经有映射的不能在这里写，请改映射"),
                data=list(catalogues),
                value="",
                comboboxProps=ABOVE,
                attributes={"input": limited},
            ),
            dmc.Switch(
                id="store-staff",
                label=gettext("账号名（account.name）就是教师的继教编号"),
                checked=False,
            ),
            html.Div(dmc.Button(gettext("增加凭据"), id="store-save", n_clicks=0)),
            html.Div(id="store-said", role="status", **{"aria-live": "polite"}),
        ],
        className="user-form",
    )  # fmt: skip


def repaired_table(site: Site, found: Sequence[Repaired]) -> Any:
    """What was repaired, with the newest examples."""
    rows = [
        [
            source_name(site, one.source),
            gettext(REPAIRS[one.code]) if one.code in REPAIRS else one.code,
            exact(one.n),
            html.Ul(
                [
                    html.Li(
                        [
                            html.Code(example.path),
                            gettext(
                                "：{was} 改成 {became}",
                                was=_short(example.was),
                                became=_short(example.became),
                            ),
                        ],
                        title=gettext("语句 {id}", id=example.statement),
                    )
                    for example in one.examples
                ],
                className="examples",
            ),
            html.Code(one.key),
        ]
        for one in found
    ]
    head = [gettext("来源"), gettext("修正"), gettext("处"), gettext("最近的例子"), gettext("凭据")]
    return html.Div(simple_table(head, rows, numeric=(2,)), className="table-scroll platform-table")


def _short(text: str) -> str:
    if text in ("", "None"):
        return gettext("（空）")
    return text if len(text) <= 60 else f"{text[:59]}…"
