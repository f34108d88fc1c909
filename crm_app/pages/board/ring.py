"""The short ring of numbered changes that keeps an open board true without sending it again."""

from collections.abc import Sequence
from typing import Any

Patch = dict[str, Any]

LONGEST = 16
"""Patches kept for a browser that has not yet drawn the last ones."""
MOST_CARDS = 60
"""Cards that all patches of the ring may carry together, but for the newest patch; a ring is sent whole."""


def weight(patch: Patch) -> int:
    """Return how many cards a patch carries; one that carries none counts as one."""
    return max(1, len(patch.get("cards", ())))


def trimmed(patches: Sequence[Patch]) -> list[Patch]:
    """Return the newest patches that fit; a browser that missed the others sees the hole and asks again."""
    kept: list[Patch] = []
    carried = 0
    for patch in reversed(patches):
        carried += weight(patch)
        if kept and (carried > MOST_CARDS or len(kept) >= LONGEST):
            break
        kept.insert(0, patch)
    return kept
