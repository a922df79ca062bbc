"""Words for kinds of records and for the platforms they come from."""

from __future__ import annotations

from dashboards.language import gettext
from portrait.record import KIND_ZH, Kind
from portrait.site import Site
from portrait.source import source_titles


def kind_name(kind: Kind) -> str:
    return gettext(KIND_ZH[kind])


def source_name(site: Site, source: str) -> str:
    """A platform's title without what its mapping adds in brackets; its code where no mapping names it."""
    return short_title(source_titles(site.settings.home).get(source, source))


def short_title(text: str) -> str:
    """The title of a mapping without what it adds in brackets."""
    return gettext(text.split("（")[0])
