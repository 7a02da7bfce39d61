"""When an idle candidate is reminded, and when an interview is looked at next.

One timer per interview rings at the next thing that is due: a reminder, or the end. It is not moved
when the candidate is heard; it rings, finds that nothing is due, and is set anew.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session

from bot.storage.tables import Interview
from dialogues.engine import REMINDABLE
from dialogues.events import Remind
from dialogues.state import State

DAY = datetime.timedelta(days=1)

MayInterrupt = Callable[[Session, Interview], bool]
"""Whether a candidate may be told something unasked; a channel's quota may be nearly used up."""


def always(session: Session, interview: Interview) -> bool:
    return True


@dataclass(frozen=True)
class Reminders:
    """Reminders after so many seconds without a word, rising, but not at night.

    `night` is from one full hour of the day to another, in the time zone `zone`.
    """

    seconds: tuple[float, ...] = ()
    night: tuple[int, int] | None = None
    zone: datetime.tzinfo = datetime.UTC

    def first_look(self, expire_seconds: float) -> float:
        """Whoever is heard now: after how many seconds something is due at the earliest."""
        return min((*self.seconds, expire_seconds))

    def due(self, state: State, now: float, expire_seconds: float) -> Remind | None:
        """The reminder to be made now; of several that were missed it is the last."""
        number = sum(now - state.heard_at >= seconds for seconds in self.seconds)
        if state.status not in REMINDABLE or number <= state.reminded or self.is_night(now):
            return None
        until = self.moment(state.heard_at + expire_seconds)
        return Remind(self.seconds[number - 1], until, number)

    def next_look(self, state: State, now: float, expire_seconds: float) -> float:
        """Seconds until something can be due, with all done that is due now."""
        waits = [self.first_look(expire_seconds)]
        if state.status != "human":
            waits.append(state.heard_at + expire_seconds - now)
        if state.status in REMINDABLE:
            for seconds in self.seconds[state.reminded :]:
                waits.append(self.after_night(max(now, state.heard_at + seconds)) - now)
        return max(0.0, min(waits))

    def is_night(self, at: float) -> bool:
        if self.night is None:
            return False
        begins, ends = self.night
        hour = datetime.datetime.fromtimestamp(at, self.zone).hour
        return begins <= hour < ends if begins < ends else hour >= begins or hour < ends

    def after_night(self, at: float) -> float:
        """The first moment from `at` on that is not at night."""
        if self.night is None or not self.is_night(at):
            return at
        local = datetime.datetime.fromtimestamp(at, self.zone)
        morning = local.replace(hour=self.night[1] % 24, minute=0, second=0, microsecond=0)
        if morning <= local:
            morning += DAY
        return morning.timestamp()

    def moment(self, at: float) -> str:
        """A moment as people read it, in any language: 2026-01-31 18:05 (UTC+8)."""
        local = datetime.datetime.fromtimestamp(at, self.zone)
        offset = local.strftime("%z")
        sign, hours, minutes = offset[0], int(offset[1:3]), offset[3:5]
        zone = f"{sign}{hours}" + (f":{minutes}" if minutes != "00" else "")
        return f"{local:%Y-%m-%d %H:%M} (UTC{zone if zone not in ('+0', '-0') else ''})"


NEVER = Reminders()
