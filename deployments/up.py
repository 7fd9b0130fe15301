"""`make up` and `make down`: `python -m deployments.up`, `python -m deployments.up down`."""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deployments.demo_data import fill_archive
from deployments.stack import Stack, StackError, start_stack
from imaging.settings import PROJECT_ROOT, Settings, settings

DEMO = PROJECT_ROOT / ".local" / "demo"
OWN = PROJECT_ROOT / ".local" / "own"


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold a stack's folder: a second command on it is told so, instead of sharing its storage."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            msg = f"another command is at work in {folder}; wait for it to end"
            raise StackError(msg) from error
        yield


def demo_stack(*, keep: bool) -> Stack:
    """Return the demo's servers, running and filled: those that are up already, or new ones."""
    stack = Stack.load(DEMO)
    if stack is None or not stack.is_running or not stack.keep:
        if stack is not None:
            stack.stop()  # what a killed command left
        stack = start_stack(Stack(DEMO, keep=keep), print)
    fill_archive(stack)
    return stack


def up() -> Stack:
    """Start the servers to stay: on the archive of the settings, else on the demo's."""
    if not _has_archive(settings()):
        with only_one(DEMO):
            return demo_stack(keep=True)
    with only_one(OWN):
        stack = Stack.load(OWN)
        if stack is not None and stack.is_running:
            return stack
        if stack is not None:
            stack.stop()
        given = {name: value for name, value in os.environ.items() if name.startswith("IMAGING_")}
        archive = {"IMAGING_DATA_ROOT": str(settings().data_root), **given}
        return start_stack(Stack(OWN, keep=True, archive=archive), print, own_archive=False)


def down() -> list[str]:
    """Stop what `up` started, and return the names."""
    stopped = []
    for folder in (DEMO, OWN):
        if (stack := Stack.load(folder)) is not None:
            stopped += stack.stop()
    return stopped


def main(words: list[str]) -> int:
    """Do as told: nothing for up, `down`."""
    if words == ["down"]:
        stopped = down()
        print(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")
        return 0
    try:
        stack = up()
    except StackError as error:
        print(f"up: {error}", file=sys.stderr)
        return 1
    print(f"Prefect UI   {stack.ui}")
    for name in ("IMAGING_ORTHANC_URL", "IMAGING_ORTHANC_USER", "IMAGING_DICOM_FOLDER"):
        if value := stack.archive.get(name):
            print(f"{name.removeprefix('IMAGING_').replace('_', ' ').lower():13}{value}")
    print(f"Results      {stack.archive.get('IMAGING_DATA_ROOT', stack.data_root)}")
    print(f"Passwords and process ids: {stack.folder / 'stack.json'}")
    print("Stop it with: make down")
    return 0


def _has_archive(place: Settings) -> bool:
    return place.orthanc_url is not None or place.dicom_folder is not None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
