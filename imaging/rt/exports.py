"""Which files of an export are which RT objects: planning systems put all of a plan in one folder.

What kind a file is of is told by its head alone. Whether it is whole and right is for the reader of
such objects to say: a dose that was cut short must be refused there, not overlooked here.
"""

from pathlib import Path

from imaging.errors import InputError
from imaging.rt.files.reading import claims_to_be


def files_of(path: Path, modality: str) -> tuple[Path, ...]:
    """List a folder's files that are of one kind; a path that is no folder is the one file.

    Args:
        path: A file, or a folder, whose subfolders are not searched.
        modality: RTSTRUCT, RTDOSE or RTPLAN.

    Raises:
        InputError: The folder holds none.
    """
    if not path.is_dir():
        return (path,)
    files = [file for file in path.iterdir() if file.is_file() and not file.name.startswith(".")]
    found = tuple(sorted(file for file in files if claims_to_be(file, modality)))
    if not found:
        msg = f"none of the {len(files)} files in the folder {path.name} is an {modality}"
        raise InputError(msg)
    return found


def file_of(path: Path, modality: str) -> Path:
    """Find the one file of a kind, as ``files_of`` does.

    Raises:
        InputError: The folder holds none, or several.
    """
    found = files_of(path, modality)
    if len(found) > 1:
        msg = f"the folder {path.name} holds {len(found)} {modality}s; give the path of one"
        raise InputError(msg)
    return found[0]
