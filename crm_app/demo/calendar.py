"""When things happen in an agency: in working hours mostly, at noon slowly, at weekends hardly ever."""

import math
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

SATURDAY, SUNDAY, FRIDAY = 5, 6, 4
_HOURS = tuple(range(8, 20))
_WEIGHTS = (4, 8, 10, 10, 5, 4, 8, 9, 9, 7, 4, 2)
_LUNCH = (12, 13)


@dataclass(slots=True)
class Calendar:
    """Draws moments and ids from one seeded source, around `now` (aware), in the organization's time zone."""

    random: Random
    now: datetime
    zone: ZoneInfo

    def at(self, days_ago: float) -> datetime:
        """Return a working moment about so many days ago, never in the future."""
        day = (self.now.astimezone(self.zone) - timedelta(days=days_ago)).date()
        return min(self.on(day), self.now - timedelta(minutes=self.random.uniform(5, 55)))

    def on(self, day: date) -> datetime:
        """Return a working moment on `day`; most of a weekend's business is done on the Friday before."""
        if day.weekday() == SUNDAY and self.random.random() < 0.9:
            day -= timedelta(days=2)
        elif day.weekday() == SATURDAY and self.random.random() < 0.6:
            day -= timedelta(days=1)
        hours, weights = (_HOURS, _WEIGHTS) if day.weekday() < SATURDAY else (_HOURS[1:5], _WEIGHTS[1:5])
        hour = self.random.choices(hours, weights)[0]
        clock = time(hour, self.random.randrange(60), self.random.randrange(60))
        return datetime.combine(day, clock, self.zone)

    def minutes(self, median: float, spread: float = 0.7) -> timedelta:
        """Return a span whose median is `median` minutes, now and then much longer (log-normal)."""
        return timedelta(minutes=self.random.lognormvariate(math.log(median), spread))

    def answer_after(self, asked: datetime, median: float) -> timedelta:
        """Return how long an answer takes to what was asked then: slow at lunch, late on Fridays, on Saturdays."""
        local = asked.astimezone(self.zone)
        slow = 2.6 if local.hour in _LUNCH else 1.0
        if local.weekday() == FRIDAY and local.hour >= 16:
            slow *= 2.2
        if local.weekday() >= SATURDAY:
            slow *= 2.4
        return self.minutes(median * slow)

    def id(self, moment: datetime) -> UUID:
        """Return a UUIDv7 of that moment; the same seed gives the same ids."""
        millis = int(moment.timestamp() * 1000)
        bits = self.random.getrandbits(74)
        value = (millis & (1 << 48) - 1) << 80 | 0x7 << 76 | (bits >> 62) << 64 | 0b10 << 62 | bits & (1 << 62) - 1
        return UUID(int=value)
