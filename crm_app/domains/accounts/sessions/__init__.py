"""The sessions of a person: recognised, listed, ended."""
