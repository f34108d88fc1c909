"""Looking without touching: as a member sees it, or for support."""
