"""The audit trail: reading it, taking it along as a table, and proving that nobody has changed it."""
