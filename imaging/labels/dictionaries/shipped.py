"""The dictionaries that come with the package.

Ids and names are those of the models, as their projects publish them: VISTA-3D's 132 classes
(Project-MONAI/model-zoo, ``models/vista3d/docs/labels.json``) and the 117 of TotalSegmentator 2's
task ``total`` (wasserth/TotalSegmentator, ``totalsegmentator/map_to_binary.py``), both Apache-2.0.
Colours, abbreviations (by TG-263, where it has a name) and groups are this project's own.
"""

from functools import cache
from importlib.resources import files
from typing import Literal, get_args

from imaging.errors import InputError
from imaging.labels.dictionaries.dictionary import LabelDictionary
from imaging.labels.dictionaries.dseg import parse_dseg

Known = Literal["vista3d", "totalsegmentator"]


@cache
def known(name: Known) -> LabelDictionary:
    """Return the dictionary of a model.

    Raises:
        InputError: There is none of that name.
    """
    if name not in get_args(Known):
        msg = f"no dictionary is called {name!r}; there are {', '.join(get_args(Known))}"
        raise InputError(msg)
    table = files("imaging.labels.dictionaries") / "tables" / f"{name}_dseg.tsv"
    return parse_dseg(table.read_text(encoding="utf-8"))
