"""NiiVue's JavaScript, out of the installed package that carries it."""

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from imaging.errors import InputError

_PACKAGE = "jupyterlab-niivue"
_BUNDLE = "jupyterlab_niivue/labextension/static/niivue/index.js"
# The bundle is an application that exports nothing. Its names are shortened, its classes are whole.
_VIEWER_CLASS = re.compile(r"(?<![\w$])([\w$]+) = class extends EventTarget \{")
# Where the application begins: it listens to messages of any origin and keeps settings.
_APPLICATION = re.compile(r'(?m)^[\w$]+\(\);\nwindow\.addEventListener\("DOMContentLoaded", ')
_LONGEST_START = 2_000  # of the part that starts it


@dataclass(frozen=True, slots=True)
class NiiVue:
    """What a page needs of NiiVue.

    Attributes:
        module: An ES module that exports the class ``Niivue``, and does nothing when loaded.
        licence: The text that goes with it.
    """

    module: str
    licence: str


def installed_niivue() -> NiiVue:
    """Read NiiVue from the package that the lock pins by its hash; nothing is written.

    Raises:
        InputError: The package is missing, or another version that is put together otherwise.
    """
    try:
        package = distribution(_PACKAGE)
    except PackageNotFoundError as error:
        msg = f"{_PACKAGE} is not installed: install what requirements.lock lists"
        raise InputError(msg) from error
    text = Path(str(package.locate_file(_BUNDLE))).read_text(encoding="utf-8")
    licences = [file for file in package.files or () if file.name == "LICENSE"]
    return NiiVue(module_of(text), "\n".join(file.read_text() for file in licences))


def module_of(bundle: str) -> str:
    """Turn the application into a module: without its start, and with its viewer exported.

    Raises:
        InputError: It is not put together as expected.
    """
    classes = _VIEWER_CLASS.findall(bundle)
    starts = list(_APPLICATION.finditer(bundle))
    if len(classes) != 1 or len(starts) != 1:
        msg = f"The NiiVue of {_PACKAGE} is put together in a new way: pin the version of the lock"
        raise InputError(msg)
    if len(bundle) - starts[0].start() > _LONGEST_START:
        msg = f"The application in {_PACKAGE} starts before its end: pin the version of the lock"
        raise InputError(msg)
    return f"{bundle[: starts[0].start()]}export {{ {classes[0]} as Niivue }};\n"
