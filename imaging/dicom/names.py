"""Names of ROIs as people write them: which are the same, and which a pattern means."""

from fnmatch import fnmatchcase


def name_key(name: str) -> str:
    """Make names equal that TG-263 takes for the same: letter case and blanks do not count.

    TG-263 wants names unique whatever their case, and writes an underscore where people type a
    blank. Other signs carry meaning there (``Lungs-GTV``, ``PTV_High^opt``) and stay.
    """
    return "_".join(name.casefold().split())


def name_matches(name: str, pattern: str) -> bool:
    """Say whether a name, or a shell pattern (``Lung_*``, ``Lung_?``), means the ROI of that name.

    Names hold brackets too, as in ``PTV[60]``: they may stand for themselves.
    """
    key, wanted = name_key(name), name_key(pattern)
    return fnmatchcase(key, wanted) or fnmatchcase(key, wanted.replace("[", "[[]"))
