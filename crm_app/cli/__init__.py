"""The command `prumo`: one file per group of commands, put together in `main`."""
