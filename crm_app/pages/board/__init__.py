"""The sales board."""
