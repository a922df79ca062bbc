"""Colours, fonts and the Plotly template. CSS reads the same names from assets/shell.css."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

FONT = '"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif'

BRAND = "#0b8f63"  # ours; as text on white only in its darker shade
BRAND_DARK = "#08734f"
DATA = "#0b7285"  # what was measured
WARN = "#e8590c"  # only: confidently below the standard, or overdue
WARN_DARK = "#b8440a"  # the same as text: 5.3:1 on white
INK = "#1c2733"
MUTED = "#5b6773"
LINE = "#dfe4e9"
BAND = "rgba(11,114,133,.16)"
SERIES = (DATA, "#7a5cb0", "#94690f", "#3d6fb4", "#a3466c", "#4f6b2f")

# Mantine wants ten shades of a colour, light to dark.
SHADES = {
    "brand": [
        "#e7f6f0", "#cfece0", "#a3dcc6", "#73caa9", "#45b48c",
        "#1fa173", BRAND, "#0a8059", BRAND_DARK, "#065a3e",
    ],
    "data": [
        "#e6f3f5", "#cde6ea", "#9fd0d8", "#6db6c2", "#3f9dac",
        "#1c8799", DATA, "#0a6475", "#085564", "#06434f",
    ],
    "warn": [
        "#fff1e8", "#ffe0cc", "#ffc299", "#ffa166", "#fb8240",
        "#f06a20", WARN, "#d14f0a", WARN_DARK, "#8f3507",
    ],
}  # fmt: skip

MANTINE: dict[str, Any] = {
    "fontFamily": FONT,
    "fontFamilyMonospace": 'ui-monospace,"Noto Sans Mono CJK SC",monospace',
    "headings": {"fontFamily": FONT, "fontWeight": "650"},
    "colors": SHADES,
    "primaryColor": "brand",
    "primaryShade": 7,
    "defaultRadius": "md",
    "radius": {"md": "8px"},
    "black": INK,
    "fontSizes": {"xs": "13px", "sm": "14px", "md": "15px", "lg": "17px", "xl": "20px"},
    "cursorType": "pointer",
    "focusRing": "auto",
}

_AXIS: dict[str, Any] = {
    "showgrid": False,
    "zeroline": False,
    "showline": False,
    "ticks": "",
    "automargin": True,
    "fixedrange": True,
    "title": {"font": {"size": 13, "color": MUTED}},
    "tickfont": {"size": 13},
}

TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": FONT, "size": 13, "color": INK},
        "colorway": list(SERIES),
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "showlegend": False,  # keys are drawn in HTML above the figure
        "hoverlabel": {
            "bgcolor": "#fff",
            "bordercolor": LINE,
            "font": {"family": FONT, "size": 13, "color": INK},
        },
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "polar": {
            "bgcolor": "rgba(0,0,0,0)",
            "radialaxis": {"gridcolor": LINE, "linecolor": LINE, "tickfont": {"size": 12, "color": MUTED}},
            "angularaxis": {"gridcolor": LINE, "linecolor": LINE, "tickfont": {"size": 13}},
        },
        "bargap": 0.35,
        "dragmode": False,
    }
)

FIGURE_CONFIG: dict[str, Any] = {"displayModeBar": False, "showTips": False, "scrollZoom": False}


def figure_config() -> dict[str, Any]:
    """What every dcc.Graph gets: no mode bar, no zoom by wheel."""
    return dict(FIGURE_CONFIG, responsive=True)
