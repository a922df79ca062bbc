"""A short message after something was done, in the shell's one notification place."""

from __future__ import annotations

from dash import set_props


def notify(text: str, title: str = "") -> None:
    """Call inside a callback."""
    note = {"action": "show", "message": text, "color": "brand", **({"title": title} if title else {})}
    set_props("notice", {"sendNotifications": [note]})
