"""What may be spent at the vendor, and what was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from imaging.errors import BudgetError

DAY_S = 24 * 3600.0
MONTH_S = 30 * DAY_S


@dataclass(frozen=True, slots=True)
class Budget:
    """Most runs that an account may pay for, in windows that end now.

    Attributes:
        runs_per_day: In any 24 hours.
        runs_per_month: In any 30 days.
    """

    runs_per_day: int
    runs_per_month: int

    def check(self, sent: Sequence[float], preparing: int, now: float) -> None:
        """Refuse another run that would exceed it.

        Args:
            sent: When each run was sent that may be paid for, in seconds since 1970.
            preparing: Runs that others are about to send.
            now: In seconds since 1970.

        Raises:
            BudgetError: It would; says when the next run is possible.
        """
        spent = Spent.of(sent, now)
        free_at = max(
            _free_at(sent, self.runs_per_day - preparing, DAY_S, now),
            _free_at(sent, self.runs_per_month - preparing, MONTH_S, now),
        )
        if free_at <= now:
            return
        msg = (
            f"{spent.day} of {self.runs_per_day} runs in 24 hours and {spent.month} of"
            f" {self.runs_per_month} in 30 days are paid for, and {preparing} more are being"
            f" prepared; {_in_words(free_at)}"
        )
        raise BudgetError(msg)


@dataclass(frozen=True, slots=True)
class Spent:
    """Runs that are paid for, or may be.

    Attributes:
        day: In the last 24 hours.
        month: In the last 30 days.
    """

    day: int
    month: int

    @classmethod
    def of(cls, sent: Sequence[float], now: float) -> "Spent":
        """Count them; a clock that was set back hides none."""
        return cls(
            day=sum(moment > now - DAY_S for moment in sent),
            month=sum(moment > now - MONTH_S for moment in sent),
        )


def _free_at(sent: Sequence[float], most: int, window_s: float, now: float) -> float:
    """Return when fewer than ``most`` of the runs lie in the window: ``now``, later or never."""
    if most <= 0:
        return float("inf")
    newest_first = sorted(sent, reverse=True)
    if len(newest_first) < most:
        return now
    return max(now, newest_first[most - 1] + window_s)


def _in_words(free_at: float) -> str:
    if free_at == float("inf"):
        return "the next is possible when one of those is given up, or when more are allowed"
    moment = datetime.fromtimestamp(free_at, UTC)
    return f"the next is possible at {moment:%Y-%m-%d %H:%M:%S} UTC"
