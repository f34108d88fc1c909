"""The screen of an organization that does no work."""
