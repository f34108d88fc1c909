"""The clients of the API for the tests of this folder."""

from tests.api.clients import api_app, client, client_for, stranger

__all__ = ["api_app", "client", "client_for", "stranger"]
