"""The command `prumo`: one file per group of commands, put together here."""

from crm_app.cli.main import main

__all__ = ["main"]
