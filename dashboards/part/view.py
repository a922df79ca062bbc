"""What a reader of rates looks at: filters and place, read from the address, checked against the Scope, written back as links."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, ctx, html, no_update

from dashboards.language import current, gettext
from dashboards.page import Context, whole
from dashboards.part.place import place_name
from portrait.errors import AccessRefused
from portrait.overview import PLACE_MEASURES, counts_everybody, told
from portrait.place import counties_of, places, unit_of
from portrait.programme.category import PLANS, categories, categories_of
from portrait.scope import Role
from portrait.store.training import Ask, providers, years


@dataclass(frozen=True)
class View:
    path: str
    home: str  # the place the reader answers for; "" = the province
    year: int | None
    years: tuple[int, ...]
    plan: str = ""
    category: str = ""
    unit: str = ""
    county: str = ""
    provider: int | None = None
    training_class: int | None = None
    measure: str = "arrived"
    measures: tuple[str, ...] = PLACE_MEASURES

    @property
    def ask(self) -> Ask:
        return Ask(self.year, self.plan, self.category, self.unit, self.county, self.provider)

    @property
    def kind(self) -> str:
        """What the ids of this page's shared controls begin with, so that two pages' callbacks never meet."""
        return self.path.strip("/")

    @property
    def place(self) -> str:
        return self.county or self.unit

    def search(self, **changes: Any) -> str:
        """The query string of this view with changes; what is at its default is left out."""
        new = replace(self, **changes)
        pairs = {
            "year": str(new.year) if new.year != (self.years[0] if self.years else None) else "",
            "plan": new.plan,
            "category": new.category,
            "unit": new.unit if new.unit != self.home else "",
            "county": new.county if new.county != self.home else "",
            "provider": str(new.provider or ""),
            "class": str(new.training_class or ""),
            "measure": new.measure if new.measure != "arrived" else "",
        }
        kept = {key: value for key, value in pairs.items() if value}
        return f"?{urlencode(kept)}" if kept else ""

    def link(self, **changes: Any) -> str:
        return self.path + self.search(**changes)

    def go(self, code: str) -> str:
        """The link to a place one step down (or across)."""
        if unit_of(code) == code:
            return self.link(unit=code, county="", training_class=None)
        return self.link(unit=unit_of(code), county=code, training_class=None)


def read_view(context: Context, query: Mapping[str, str], path: str) -> View:
    """The view that an address asks for.

    Filters nobody knows fall back to their default. A place or provider outside the Scope is refused, in the same words
    as one that does not exist.
    """
    registry, scope = context.site.registry, context.scope
    known = tuple(years(registry, scope))
    year = whole(query, "year")
    measures = told(counts_everybody(scope))
    view = View(
        path,
        _home(context),
        year if year in known else (known[0] if known else None),
        known,
        plan=query.get("plan", "") if query.get("plan", "") in PLANS else "",
        category=query.get("category", "") if query.get("category", "") in categories() else "",
        measure=query.get("measure", "") if query.get("measure", "") in measures else "arrived",
        measures=measures,
    )
    unit, county = query.get("unit", ""), query.get("county", "")
    if county and not unit:
        unit = unit_of(county)
    view = replace(view, unit=unit, county=county)
    home = view.home
    if home:
        if unit_of(home) == home:
            view = replace(view, unit=unit or home)
        else:
            view = replace(view, unit=unit or unit_of(home), county=county or home)
    _check_place(view)
    if query.get("provider"):
        number = whole(query, "provider")
        if number is None or number not in providers(registry, scope):
            raise AccessRefused("没有这个承训单位，或者它不在您的范围内")
        view = replace(view, provider=number)
    if query.get("class"):
        number = whole(query, "class")
        if number is None:
            raise AccessRefused("没有这个班次，或者它不在您的范围内")
        view = replace(view, training_class=number)
    return view


def _home(context: Context) -> str:
    return context.actor.region if context.actor.role is Role.BUREAU else ""


def _check_place(view: View) -> None:
    refused = AccessRefused("没有这个地区，或者它不在您的范围内")
    if view.unit and (view.unit not in places() or unit_of(view.unit) != view.unit):
        raise refused
    if view.county and view.county not in {place.adcode for place in counties_of(view.unit)}:
        raise refused
    if view.home:
        allowed = (
            {place.adcode for place in counties_of(view.home)}
            if unit_of(view.home) == view.home
            else {view.home}
        )
        if (view.county or view.unit) not in allowed:
            raise refused


# --- controls ------------------------------------------------------------------------------------------------


def filters(view: View, office: str = "") -> Any:
    """Year, plan and category; `register_filters` makes them act. `office` leaves only its own categories."""
    own = categories_of(office, view.plan)
    plans = [plan for plan in PLANS if categories_of(office, plan)]

    def choice(name: str, label: str, data: list[dict[str, str]], value: str, wide: int) -> Any:
        return dmc.Select(
            id={"type": f"{view.kind}-filter", "name": name},
            data=data,
            value=value,
            allowDeselect=False,
            comboboxProps={"withinPortal": True},
            w=wide * 3 // 2 if current() == "en" else wide,
            **{"aria-label": label},
        )

    return html.Div(
        [
            choice(
                "year",
                gettext("年度"),
                [{"value": str(y), "label": gettext("{year} 年度", year=y)} for y in view.years],
                str(view.year or ""),
                128,
            )
            if view.years
            else None,
            choice(
                "plan",
                gettext("计划"),
                [
                    {"value": "", "label": gettext("全部计划")},
                    *[{"value": p, "label": gettext(p)} for p in plans],
                ],
                view.plan,
                136,
            )
            if len(plans) > 1
            else None,
            choice(
                "category",
                gettext("项目类别"),
                [{"value": "", "label": gettext("全部类别")}]
                + [{"value": code, "label": category_label(code)} for code in own],
                view.category if view.category in own else "",
                270,
            ),
        ],
        className="filters",
        role="group",
        **{"aria-label": gettext("筛选")},
    )


def category_label(code: str) -> str:
    found = categories().get(code)
    if found is None:
        return code
    return f"{code} {found.en if current() == 'en' else found.zh}"


def read_search(context: Context, search: str | None, path: str) -> View:
    """The view of a query string as the browser sent it, checked like an address."""
    return read_view(context, parsed(search), path)


def parsed(search: str | None) -> dict[str, str]:
    return dict(parse_qsl((search or "").lstrip("?")[:2000], max_num_fields=50))


def register_filters(app: Any, context: Callable[[], Context], path: str) -> None:
    """Lets the controls of `filters` change the address, from which the page is drawn anew."""

    @app.callback(
        Output("url", "search", allow_duplicate=True),
        Input({"type": f"{path.strip('/')}-filter", "name": ALL}, "value"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def choose(_values: list[str | None], search: str | None) -> Any:
        here = context()
        if not ctx.triggered_id:
            return no_update
        name, value = str(ctx.triggered_id["name"]), str(ctx.triggered[0]["value"] or "")
        before = read_search(here, search, path)
        after = read_view(here, {**parsed(search), name: value}, path)
        # A control that merely appears says again what the address already says.
        return no_update if after == before else after.search(training_class=None)


def crumbs(view: View, last: str = "") -> Any:
    """Where one is, with the way back up; empty at the top. `last`: the class or provider below the places."""
    steps: list[tuple[str, str]] = []
    if not view.home:
        steps.append((gettext("全省"), view.link(unit="", county="", provider=None, training_class=None)))
    if view.unit and not (view.home and view.home == view.county):
        steps.append((place_name(view.unit), view.link(county="", training_class=None)))
    if view.county and view.county != view.unit:
        steps.append((place_name(view.county), view.link(training_class=None)))
    if last:
        steps.append((last, ""))
    if len(steps) < 2:
        return None
    parts: list[Any] = []
    for name, href in steps[:-1]:
        parts += [dmc.Anchor(name, href=href), html.Span("›", **{"aria-hidden": "true"})]
    parts.append(html.B(steps[-1][0], **{"aria-current": "page"}))
    return html.Nav(parts, className="crumbs", **{"aria-label": gettext("位置")})


def measure_chips(view: View, names: Mapping[str, str]) -> Any:
    """Which rate the map and the charts show."""
    return html.Div(
        [
            dmc.Anchor(
                name,
                href=view.link(measure=code),
                underline="never",
                className="chip",
                **({"aria-current": "true"} if code == view.measure else {}),
            )
            for code, name in names.items()
        ],
        className="chips",
        role="group",
        **{"aria-label": gettext("看哪个率")},
    )
