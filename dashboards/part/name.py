"""Names of dimensions and indicators in the reader's language."""

from __future__ import annotations

from dashboards.language import current
from portrait.framework import dimensions, indicators


def node_name(code: str) -> str:
    """The name of a dimension or an indicator; an unknown code stands for itself."""
    node = dimensions().get(code) or indicators().get(code)
    if node is None:
        return code
    return node.en if current() == "en" else node.zh
