"""Accounts: the list, one of them with what can be done to it, the form of a new one, a password shown once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.language import gettext
from dashboards.part import badge, facts, format, grid
from dashboards.part.place import place_name
from portrait.login import LINKS
from portrait.place import places
from portrait.scope import ROLE_ZH, Role
from portrait.store.reader import Reader
from portrait.store.user import OFFICES

ABOVE = {"zIndex": 500}  # a list that opens in the drawer must stand above it


def reader_grid(id: str, found: Sequence[Reader]) -> Any:
    """The accounts; a click opens one."""
    return grid(
        id,
        [
            {"field": "login", "headerName": gettext("登录名"), "width": 150, "minWidth": 120, "pinned": "left"},
            {"field": "name", "headerName": gettext("姓名或单位"), "minWidth": 150, "flex": 2, "tooltipField": "name"},
            {"field": "role", "headerName": gettext("角色"), "minWidth": 120, "width": 170},
            {"field": "code", "headerName": gettext("绑定"), "minWidth": 150, "flex": 1, "tooltipField": "code"},
            {"field": "state", "headerName": gettext("状态"), "minWidth": 120, "width": 130},
            {"field": "last", "headerName": gettext("上次登录"), "minWidth": 150, "width": 160},
        ],
        [reader_row(one) for one in found],
        options={"tooltipShowDelay": 300, "rowClass": "clickable"},
        columnSize=None,
        getRowId="params.data.key",
    )  # fmt: skip


def reader_row(one: Reader) -> Mapping[str, Any]:
    return {
        "key": str(one.id),
        "login": one.login,
        "name": one.name,
        "role": gettext(ROLE_ZH[one.role]),
        "code": code_text(one),
        "state": state_text(one),
        "last": format.stamp(one.last_login) or gettext("从未"),
    }


def code_text(one: Reader) -> str:
    """What an account is bound by, as a person would write it."""
    if one.role is Role.BUREAU:
        if not one.code:
            return gettext("没有绑定")
        return gettext("{name}（{said}）", name=place_name(one.code), said=one.code)
    if one.role is Role.OFFICE:
        return one.code or gettext("全省全部类别")
    if one.role in LINKS:
        return one.code or gettext("没有绑定")
    return ""


def state_text(one: Reader) -> str:
    if not one.active:
        return gettext("已停用")
    return gettext("锁定，还有 {n} 分", n=one.locked) if one.locked else gettext("可用")


def reader_body(one: Reader, *, own: bool, said: Any = None) -> Any:
    """One account in the drawer. `own` is the administrator's: nobody shuts the door on himself."""
    tone = "good" if one.active and not one.locked else "thin"
    bound = f"{code_text(one)} · {one.bound}" if one.bound else code_text(one)
    buttons = [_button(one, "password", gettext("换新密码"))]
    if one.locked:
        buttons.insert(0, _button(one, "unlock", gettext("解锁"), "filled"))
    if not own:
        buttons.append(
            _button(one, "disable", gettext("停用"))
            if one.active
            else _button(one, "enable", gettext("重新启用"), "filled")
        )
    return html.Div(
        [
            html.Div(said, role="status") if said is not None else None,
            facts(
                [
                    (gettext("登录名"), one.login),
                    (gettext("姓名或单位"), one.name),
                    (gettext("角色"), gettext(ROLE_ZH[one.role])),
                    (gettext("绑定"), bound or gettext("不需要")),
                    (gettext("状态"), badge(state_text(one), tone)),
                    (gettext("建立"), format.moment(one.created)),
                    (gettext("上次登录"), format.moment(one.last_login) if one.last_login else gettext("从未")),
                ]
            ),
            html.Div(buttons, className="answers"),
            html.P(
                gettext("换新密码和停用都会结束这个账号的全部登录；每一步都记入审计。停用的账号不删除，历史保留。"),
                className="quiet",
            ),
        ],
        className="behind",
        key=f"user-{one.id}",
    )  # fmt: skip


def password_once(login: str, password: str) -> Any:
    """A new password, here and never again."""
    return html.Div(
        [
            html.Span(gettext("{login} 的新密码，只显示这一次，请马上转告本人：", login=login)),
            html.Code(password),
        ],
        className="password-once",
    )


def user_form(role: str = "") -> Any:
    """The form of a new account; what binds it depends on the role."""
    return html.Div(
        [
            dmc.TextInput(
                id="user-login",
                label=gettext("登录名"),
                description=gettext("1–60 个字符，本人登录时用"),
                value="",
                attributes={"input": {"maxLength": 60, "autoComplete": "off"}},
            ),
            dmc.TextInput(
                id="user-name",
                label=gettext("姓名或单位"),
                description=gettext("显示在页面右上角；不填就用登录名"),
                value="",
                attributes={"input": {"maxLength": 60, "autoComplete": "off"}},
            ),
            dmc.Select(
                id="user-role",
                label=gettext("角色"),
                data=[{"value": one.value, "label": gettext(name)} for one, name in ROLE_ZH.items()],
                value=role or None,
                comboboxProps=ABOVE,
                placeholder=gettext("选一个角色"),
                allowDeselect=False,
            ),
            html.Div(link_field(role), id="user-link"),
            html.Div(id="user-bound", role="status", **{"aria-live": "polite"}),
            html.Div(dmc.Button(gettext("增加账号"), id="user-save", n_clicks=0)),
            html.Div(id="user-said", role="status", **{"aria-live": "polite"}),
        ],
        className="user-form",
    )


def link_field(role: str) -> Any:
    """The field for what binds a role: a code to type, a place or an office to choose, nothing for an administrator."""
    id = {"type": "user-code", "role": role}
    if role == Role.BUREAU:
        return dmc.Select(
            id=id,
            label=gettext("市县"),
            data=[
                {
                    "value": place.adcode,
                    "label": gettext("{name}（{said}）", name=place.name, said=place.adcode),
                }
                for place in places().values()
                if place.level != "province"
            ],
            comboboxProps=ABOVE,
            searchable=True,
            limit=50,
            placeholder=gettext("输入名称或行政区划代码"),
            nothingFoundMessage=gettext("没有这个市县"),
        )
    if role == Role.OFFICE:
        return dmc.Select(
            id=id,
            label=gettext("哪个项目办"),
            data=[{"value": "", "label": gettext("教育厅：全省全部类别")}]
            + [{"value": code, "label": code} for code in OFFICES],
            value="",
            comboboxProps=ABOVE,
            allowDeselect=False,
        )
    if role and role in {one.value for one in LINKS}:
        kind, name = LINKS[Role(role)]
        return dmc.TextInput(
            id=id,
            label=gettext(name),
            description={
                "person": gettext("教师只看这个编号的人的画像，请核对下面显示的姓名和学校"),
                "provider": gettext("承训单位只看这个机构的班次，请核对下面显示的名称"),
                "school": gettext("学校账号只看这所学校，请核对下面显示的名称"),
            }[kind],
            value="",
            debounce=400,
            attributes={"input": {"maxLength": 80, "autoComplete": "off"}},
        )
    return None


def _button(one: Reader, do: str, text: str, variant: str = "default") -> Any:
    return dmc.Button(
        text,
        id={"type": "user-do", "user": str(one.id), "do": do},
        variant=variant,
        size="sm",
        n_clicks=0,
    )
