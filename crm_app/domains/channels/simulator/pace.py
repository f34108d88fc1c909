"""How long simulated people take. Seconds; never so long that a worker's slot is held for nothing."""


class Pace:
    """`speed` 1 is human; tests and demonstrations play faster."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed

    def before_reading(self) -> float:
        """From the phone's buzz to the blue ticks."""
        return 0.9 / self.speed

    def before_typing(self) -> float:
        """From reading to the first key."""
        return 0.8 / self.speed

    def while_typing(self, text: str) -> float:
        """While the words are typed, at most four seconds."""
        return min(4.0, 0.8 + len(text) * 0.03) / self.speed


pace = Pace()
