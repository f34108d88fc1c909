"""The first steps of a new organization: what is done, told from its own data."""
