"""Who decided something, as readers know them: by the name of the account and never by its login."""

from __future__ import annotations

from dashboards.language import gettext
from portrait.site import Site
from portrait.store.user import shown_names

COMMAND = "cli:"  # before the name of who ran a command (portrait.cli.option)


def who(site: Site, login: str) -> str:
    """The shown name of an account; of a command, and of an account that is there no more, what it stands for."""
    if login.startswith(COMMAND):
        return gettext("平台管理员")
    return shown_names(site.registry, [login]).get(login, "") or gettext("工作人员")
