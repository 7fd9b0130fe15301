"""`make up` and `make down`: `python -m deployments.up`, `python -m deployments.up down`."""

import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path

from deployments.demo_data import fill_archive
from deployments.processes import end_on_signals
from deployments.stack import Stack, StackError
from deployments.starting import start_stack
from imaging.errors import ImagingError
from imaging.files import held
from imaging.settings import PROJECT_ROOT, Settings, settings

DEMO = PROJECT_ROOT / ".local" / "demo"
OWN = PROJECT_ROOT / ".local" / "own"


def only_one(folder: Path) -> AbstractContextManager[None]:
    """Hold a stack's folder: a second command on it is told so, instead of sharing its storage."""
    msg = f"another command is at work in {folder}; wait for it to end"
    return held(folder / "lock", StackError(msg))


def demo_stack(*, keep: bool) -> Stack:
    """Return the demo's servers, running and filled: those that are up already, or new ones."""
    stack = Stack.load(DEMO)
    if stack is None or not stack.is_running or not stack.keep:
        if stack is not None:
            stack.stop()  # what a killed command left
        stack = start_stack(Stack(DEMO, keep=keep), print)
    try:
        fill_archive(stack)
    except BaseException:
        if not stack.keep:
            stack.stop()
        raise
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
    """Stop what `up` started, and return the names.

    Raises:
        StackError: A demo runs on these servers; it stops its own by itself.
    """
    stopped = []
    for folder in (DEMO, OWN):
        with only_one(folder):
            if (stack := Stack.load(folder)) is not None:
                stopped += stack.stop()
    return stopped


def main(words: list[str]) -> int:
    """Do as told: nothing for up, `down`."""
    end_on_signals()
    try:
        if words == ["down"]:
            stopped = down()
            print(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")
        else:
            _tell(up())
    except (StackError, ImagingError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _tell(stack: Stack) -> None:
    """Print where everything is."""
    place, given = settings(), stack.archive
    print(f"Prefect UI   {stack.ui}")
    print(f"Prefect API  {stack.prefect_api}")
    print(f"Gateway      {stack.gateway}/files/")
    print(f"Orthanc      {given.get('IMAGING_ORTHANC_URL') or place.orthanc_url or '-'}")
    if stack.vendor:
        print(f"Vendor       {stack.vendor}, a simulator of fusions: nothing is paid")
    if folder := given.get("IMAGING_DICOM_FOLDER") or place.dicom_folder:
        print(f"DICOM folder {folder}")
    print(f"Results      {given.get('IMAGING_DATA_ROOT', stack.data_root)}")
    print(f"Orthanc's user and password, process ids: {stack.folder / 'stack.json'}")
    print("Stop it with: make down")


def _has_archive(place: Settings) -> bool:
    return place.orthanc_url is not None or place.dicom_folder is not None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
