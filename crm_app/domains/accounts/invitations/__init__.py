"""Inviting people, and what they accept."""
