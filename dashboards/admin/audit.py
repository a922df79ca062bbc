"""审计: who did what to whom and how it ended, newest first; and whether the chain of rows is sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from dash import Input, Output, dcc, html

from dashboards.language import gettext, retold
from dashboards.page import Context, Page, whole
from dashboards.part import (
    card,
    empty_state,
    facts,
    format,
    grid,
    link_button,
    page_header,
    register_row_drawer,
)
from dashboards.part.admin.choice import choice, choices, register_choices
from portrait.errors import NotFound
from portrait.scope import ROLE_ZH, Role
from portrait.store.audit import OUTCOMES, audit_names, audit_row, audit_rows, verify_audit

PATH = "/audit"
MOST = 200  # rows on one page

ACTIONS = {
    "login": "登录",
    "logout": "退出",
    "open": "打开页面",
    "callback": "页面操作",
    "look": "查看",
    "view": "查看",
    "export": "导出",
    "password": "改密码",
    "preference": "偏好设置",
    "end-sessions": "退出其他登录",
    "contest": "异议",
    "hand-in": "申报校本研修",
    "withdraw": "撤回申报",
    "confirm": "确认",
    "return": "退回",
    "upload-proof": "上传证明",
    "open-proof": "看证明",
    "upload": "上传文件",
    "mapping": "保存映射",
    "intake": "接入",
    "import-framework": "导入能力框架",
    "refresh": "重算画像",
    "replay": "重放",
    "mend": "改正后重放",
    "dismiss": "不再处理",
    "quarantine.replay": "重放",
    "quarantine.mend": "改正后重放",
    "quarantine.dismiss": "不再处理",
    "record.void": "撤回记录",
    "record.restore": "恢复记录",
    "record.clear": "认可存疑的记录",
    "record.refuse": "不认可存疑的记录",
    "record.reopen": "收回对存疑的决定",
    "lake.rebuild": "重建记录湖",
    "account.renumber": "账号换新编号",
    "person.rekey": "教师换新编号",
    "identity.same": "认定是同一人",
    "identity.different": "认定不是同一人",
    "identity.later": "身份以后再说",
    "identity.undo": "撤销身份认定",
    "identity.link": "关联账号",
    "identity.unlink": "撤销账号关联",
    "identity.merge": "合并教师",
    "identity.split": "撤销教师合并",
    "credential.add": "增加凭据",
    "credential.revoke": "停用凭据",
    "credential.reread": "重新汇入语句",
    "user.add": "增加账号",
    "user.password": "换新密码",
    "user.unlock": "解锁账号",
    "user.disable": "停用账号",
    "user.enable": "启用账号",
}
OUTCOME_ZH = {"ok": "成功", "refused": "拒绝", "failed": "失败"}


@dataclass(frozen=True)
class Filter:
    """Which rows are meant; `before` is the number of the row that the page ends above."""

    actor: str = ""
    action: str = ""
    outcome: str = ""
    before: int | None = None

    def search(self) -> str:
        pairs = {
            "actor": self.actor,
            "action": self.action,
            "outcome": self.outcome,
            "before": "" if self.before is None else str(self.before),
        }
        kept = {name: value for name, value in pairs.items() if value}
        return f"?{urlencode(kept)}" if kept else ""


def read_filter(query: Mapping[str, str]) -> Filter:
    """The filter of an address; an outcome that there is not falls back to all of them."""
    outcome = query.get("outcome", "")
    return Filter(
        query.get("actor", "")[:60],
        query.get("action", "")[:40],
        outcome if outcome in OUTCOMES else "",
        whole(query, "before"),
    )


def layout(context: Context, query: Mapping[str, str]) -> Any:
    chosen = read_filter(query)
    # Reading the log is itself a look at what people did.
    context.note("look", f"audit{chosen.search()}")
    with context.site.registry.connect() as connection:
        actors, actions = audit_names(connection, context.scope)
        rows = audit_rows(
            connection,
            context.scope,
            actor=chosen.actor,
            action=chosen.action,
            outcome=chosen.outcome,
            before=chosen.before,
            limit=MOST + 1,
        )
    return [
        page_header(gettext("审计"), gettext("谁在什么时候做了什么、结果如何，新的在前；只增不改。")),
        card(
            gettext("审计链"),
            "",
            html.Div(
                html.P(gettext("正在从头核对每一行…"), className="quiet"),
                id="audit-chain",
                role="status",
                **{"aria-live": "polite"},
            ),
            icon_name="shield",
        ),
        card(
            gettext("记录"),
            gettext(
                "每一行都接着上一行的校验值；改动、删除、插入任何一行，上面都会看出来。点任何一行看全文。"
            ),
            _controls(chosen, actors, actions),
            *_table(chosen, rows),
            icon_name="audit",
        ),
        # Fires once the page stands: a long log must not hold it up.
        dcc.Store(id="audit-asked", data=1),
    ]


def _controls(chosen: Filter, actors: Sequence[str], actions: Sequence[str]) -> Any:
    outcomes = {one: gettext(OUTCOME_ZH[one]) for one in OUTCOMES}
    return choices(
        choice("audit", "actor", gettext("谁"), chosen.actor, {one: one for one in actors if one}),
        choice(
            "audit", "action", gettext("做了什么"), chosen.action, {one: action_name(one) for one in actions}
        ),
        choice("audit", "outcome", gettext("结果"), chosen.outcome, outcomes),
    )


def _table(chosen: Filter, rows: Sequence[Any]) -> list[Any]:
    if not rows:
        return [
            empty_state(
                gettext("没有符合的记录"),
                "",
                icon_name="audit",
                action=link_button(gettext("看全部"), PATH) if chosen != Filter() else None,
            )
        ]
    shown, more = rows[:MOST], len(rows) > MOST
    return [
        grid(
            "audit-grid",
            [
                {"field": "id", "headerName": gettext("号"), "width": 84, "minWidth": 76, "type": "numericColumn"},
                {"field": "at", "headerName": gettext("时间"), "width": 160, "minWidth": 150},
                {"field": "actor", "headerName": gettext("谁"), "width": 130, "minWidth": 110, "tooltipField": "actor"},
                {"field": "role", "headerName": gettext("角色"), "width": 150, "minWidth": 110},
                {"field": "action", "headerName": gettext("做了什么"), "width": 150, "minWidth": 130, "tooltipField": "action"},
                {"field": "object", "headerName": gettext("对象"), "minWidth": 150, "flex": 1, "tooltipField": "object"},
                {"field": "outcome", "headerName": gettext("结果"), "width": 84, "minWidth": 80},
                {"field": "reason", "headerName": gettext("说明"), "minWidth": 200, "flex": 2, "tooltipField": "reason"},
            ],
            [_row(one) for one in shown],
            options={"tooltipShowDelay": 300, "rowClass": "clickable"},
            title="action",
            spare=("role", "id"),
            columnSize=None,
            getRowId="params.data.key",
        ),
        html.Div(
            [
                link_button(gettext("回到最新"), PATH + replace(chosen, before=None).search())
                if chosen.before is not None
                else None,
                link_button(gettext("更早的"), PATH + replace(chosen, before=shown[-1].id).search())
                if more
                else html.Span(gettext("没有更早的了。"), className="quiet"),
            ],
            className="answers",
        ),
    ]  # fmt: skip


def _row(one: Any) -> Mapping[str, Any]:
    return {
        "key": str(one.id),
        "id": one.id,
        "at": format.stamp(one.at),
        "actor": one.actor or gettext("未登录"),
        "role": gettext(ROLE_ZH[Role(one.role)]) if one.role in set(Role) else one.role,
        "action": action_name(one.action),
        "object": one.object,
        "outcome": gettext(OUTCOME_ZH.get(one.outcome, one.outcome)),
        "reason": retold(one.reason) if one.reason != one.outcome else "",  # “ok: ok” says nothing
    }


def action_name(action: str) -> str:
    return gettext(ACTIONS[action]) if action in ACTIONS else action


def register(app: Any, context: Callable[[], Context]) -> None:
    @app.callback(Output("audit-chain", "children"), Input("audit-asked", "data"))
    def verify(_asked: Any) -> Any:
        found = verify_audit(context().site.registry)
        if found.sound:
            return html.P(
                gettext("审计链完好：{n} 行从头到尾核对过，没有改动。", n=f"{found.rows:,}"),
                className="said good",
            )
        return html.P(
            gettext("审计链断了：{why}（核对了 {n} 行）。请保留现场，与备份对照。", why=gettext(found.reason), n=f"{found.rows:,}"),
            className="said bad",
            role="alert",
        )  # fmt: skip

    register_choices(app, context, "audit", _changed)

    def opened(here: Context, row: str) -> tuple[str, Any]:
        key = whole({"row": row}, "row")
        if key is None:
            raise NotFound("没有这一行")
        with here.site.registry.connect() as connection:
            one = audit_row(connection, here.scope, key)
        return gettext("第 {n} 行", n=key), _body(one)

    register_row_drawer(app, context, "audit-grid", opened)


def _body(one: Any) -> Any:
    shown = _row(one)
    names = (
        ("at", gettext("时间")),
        ("actor", gettext("谁")),
        ("role", gettext("角色")),
        ("action", gettext("做了什么")),
        ("object", gettext("对象")),
        ("outcome", gettext("结果")),
        ("reason", gettext("说明")),
    )
    return facts(
        [(label, shown[name] or format.NOTHING) for name, label in names]
        + [(gettext("链上的校验值"), html.Code(one.chain, className="hash"))]
    )


def _changed(query: Mapping[str, str], name: str, value: str) -> str | None:
    before, after = read_filter(query), read_filter({**query, name: value})
    return None if after == before else replace(after, before=None).search()


PAGE = Page(PATH, lambda: gettext("审计"), "audit", frozenset({Role.ADMIN}), layout, register)
