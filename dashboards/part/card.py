"""The frame of every panel: title, finding in one sentence, body, and one action the reader can take now."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.language import gettext
from dashboards.part.icon import icon


def page_header(title: str, subtitle: Any = "", *side: Any) -> Any:
    """The page's one <h1>, a line under it, and what stands to its right (filters, export)."""
    return html.Header(
        [
            html.Div(
                [html.H1(title), html.P(subtitle, className="subtitle") if subtitle else None],
                className="page-header-words",
            ),
            html.Div(list(side), className="page-header-side") if side else None,
        ],
        className="page-header",
    )


def card(
    title: str,
    finding: Any = "",
    *body: Any,
    action: Any = None,
    corner: Any = None,
    icon_name: str = "",
    className: str = "",
) -> Any:
    """A white panel. `finding` is one plain sentence, `action` the row at its foot, `corner` a small control beside the title."""
    return html.Section(
        [
            html.Div(
                [
                    html.H2([icon(icon_name, 20) if icon_name else None, title]),
                    html.Div(corner, className="card-corner") if corner else None,
                ],
                className="card-head",
            ),
            html.P(finding, className="finding") if finding else None,
            html.Div(list(body), className="card-body") if body else None,
            html.Div(action, className="card-action") if action else None,
        ],
        className=f"card {className}".strip(),
    )


def columns(*children: Any, least: int = 320) -> Any:
    """Cards side by side where each keeps `least` pixels, one under the other on a phone."""
    return html.Div(
        list(children),
        className="columns",
        style={"gridTemplateColumns": f"repeat(auto-fit, minmax(min({least}px, 100%), 1fr))"},
    )


def stack(*children: Any) -> Any:
    return html.Div(list(children), className="stack")


def link_button(text: str, href: str, *, primary: bool = False, icon_name: str = "") -> Any:
    return dmc.Anchor(
        [icon(icon_name, 18) if icon_name else None, text],
        href=href,
        underline="never",
        className="button primary" if primary else "button",
    )


def answers(kind: str, key: str, *, go: str = "", go_text: str = "", given: str = "") -> Any:
    """去做 / 稍后 / 不需要. Ids are {"type": "answer-<kind>", "key": key, "answer": take|later|no}; `given` is the answer on record.

    With `go`, 去做 is a link there; otherwise it is a button like the others.
    """
    words = {"take": go_text or gettext("去做"), "later": gettext("稍后"), "no": gettext("不需要")}

    def choice(answer: str) -> Any:
        if answer == "take" and go:
            return link_button(words[answer], go, primary=True)
        return dmc.Button(
            words[answer],
            id={"type": f"answer-{kind}", "key": key, "answer": answer},
            variant="filled" if answer == "take" else "default" if answer != given else "light",
            size="sm",
            n_clicks=0,
            **{"aria-pressed": "true" if answer == given else "false"},
        )

    return html.Div([choice(a) for a in words], className="answers")
