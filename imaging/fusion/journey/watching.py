"""Who follows the work, who may stop it, and what is said of it when it fails."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from imaging.errors import ImagingError, InputError

Progress = Callable[[str, float], None]


def silent(step: str, share: float) -> None:
    """Watch nothing."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Who follows the work.

    Attributes:
        progress: Is told each step, and the share that is done.
        check: Raises when the work is no longer this worker's.
    """

    progress: Progress
    check: Callable[[], None]

    def tell(self, step: str, share: float) -> None:
        """Pass on a step, and stop where another has taken over."""
        self.check()
        self.progress(step, min(share, 1.0))


@contextmanager
def without_paths(what: str) -> Iterator[None]:
    """Raise an error of a file without its path, which often holds a patient's name.

    Raises:
        InputError: It says what the system says.
    """
    try:
        yield
    except OSError as error:
        msg = f"{what}: {error.strerror or type(error).__name__}"
        raise InputError(msg) from None


def in_words(error: BaseException) -> str:
    """Say what happened, without the words of an error that nobody foresaw: they may quote data."""
    return str(error) if isinstance(error, ImagingError) else f"stopped by {type(error).__name__}"
