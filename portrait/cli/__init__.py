"""The command `portrait`: one file a command, all of them thin. The only package above models and dashboards."""

from __future__ import annotations

from portrait.cli.app import main

__all__ = ["main"]
