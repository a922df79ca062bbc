"""Icons: our own stroke drawings in assets/icon, tinted by the text colour through a CSS mask. None is fetched elsewhere."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from dash import html

ICONS = Path(__file__).parent.parent / "assets" / "icon"


@cache
def _address(name: str) -> str:
    path = ICONS / f"{name}.svg"
    if not path.is_file():
        raise FileNotFoundError(
            f"没有图标“{name}”；可用：{'、'.join(sorted(p.stem for p in ICONS.glob('*.svg')))}"
        )
    version = hashlib.sha256(path.read_bytes()).hexdigest()[:10]
    return f"url(/assets/icon/{name}.svg?m={version})"


def icon(name: str, size: int = 20, label: str = "") -> Any:
    """An icon beside words is silent to screen readers; one that stands alone needs a `label`."""
    mask = {"maskImage": _address(name), "WebkitMaskImage": _address(name)}
    spoken = {"role": "img", "aria-label": label} if label else {"aria-hidden": "true"}
    return html.Span(className="icon", style={"width": size, "height": size, **mask}, **spoken)
