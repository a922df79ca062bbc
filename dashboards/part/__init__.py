"""Small component functions that all pages share. Import from here: `from dashboards.part import card, number, …`."""

from dashboards.part import format
from dashboards.part.badge import badge, band, estimate_text, state_badge
from dashboards.part.card import answers, card, columns, link_button, page_header, stack
from dashboards.part.chart import figure_with_table, key, simple_table
from dashboards.part.code import code_name, code_names
from dashboards.part.drawer import drawer_outputs, opener, register_drawer, register_row_drawer
from dashboards.part.grid import grid
from dashboards.part.icon import icon
from dashboards.part.notice import notify
from dashboards.part.number import facts, number, numbers, progress, rate
from dashboards.part.panel import panel
from dashboards.part.state import empty_state, error_page, not_found_page, refused_page

__all__ = [
    "answers",
    "badge",
    "band",
    "card",
    "code_name",
    "code_names",
    "columns",
    "drawer_outputs",
    "empty_state",
    "error_page",
    "estimate_text",
    "facts",
    "figure_with_table",
    "format",
    "grid",
    "icon",
    "key",
    "link_button",
    "not_found_page",
    "notify",
    "number",
    "numbers",
    "opener",
    "page_header",
    "panel",
    "progress",
    "rate",
    "refused_page",
    "register_drawer",
    "register_row_drawer",
    "simple_table",
    "stack",
    "state_badge",
]
