"""Keeping some labels of one label map of many: its failure is its own."""

import logging
from pathlib import Path

from imaging.errors import ImagingError, InputError
from imaging.files import write_whole
from imaging.labels import NamedDictionary, Names, dictionary_for, filter_labels
from imaging.labels.dictionaries import LabelDictionary, write_dictionary
from imaging.labels.pictures import label_picture
from imaging.labels.source import pair_of
from imaging.segmentations.outgoing import kept_labels, outgoing_dictionary
from imaging.segmentations.record import (
    FilterResult,
    beside,
    earlier,
    key_of,
    remove_outputs,
    write_record,
)
from imaging.segmentations.request import FilterRequest
from imaging.segmentations.sources import LabelMapFile

log = logging.getLogger(__name__)


def filter_file(file: LabelMapFile, request: FilterRequest, folder: Path) -> FilterResult:
    """Filter one label map into a folder of outputs, or find that it is done.

    Beside the label map come ``<name>.tsv``, what its integers mean now (as BIDS has it), a picture
    ``<name>.png``, and last the record ``<name>.json``, by which a later run finds it done.

    Returns:
        What was kept; or why nothing was written, since other label maps do not depend on it.
    """
    target = folder / file.relative
    try:
        return _filtered(file, request, target)
    except ImagingError as error:
        reason = str(error)
    except FileNotFoundError:
        reason = "the label map is not there"
    except OSError as error:
        reason = error.strerror or type(error).__name__  # all of the error names the file
    log.warning("%s: not filtered", file.case_id)
    return FilterResult(file, failure=reason)


def _filtered(file: LabelMapFile, request: FilterRequest, target: Path) -> FilterResult:
    _refuse_itself(file.path, target)
    names = request.names or dictionary_for(file.path)
    key = key_of(file, request, names)
    if (done := earlier(file, key, target)) is not None:
        return done
    remove_outputs(target)
    result = _written(file, request, names, target)
    dictionary = outgoing_dictionary(result.kept, names.dictionary)
    write_dictionary(beside(target, ".tsv"), dictionary)
    picture = _picture(file, target, dictionary) if request.has_pictures else None
    if picture is not None:
        write_whole(beside(target, ".png"), picture)
    write_record(result, key, target)
    return result


def _written(
    file: LabelMapFile, request: FilterRequest, names: NamedDictionary, target: Path
) -> FilterResult:
    """Write the label map; what the request may ask in vain is left out of it where it is so."""
    keep, remap = request.keep, dict(request.remap)
    if request.missing == "ignore":
        knows = names.dictionary.find
        keep = tuple(each for each in keep if knows(each))
        remap = {each: new for each, new in remap.items() if knows(each)}
    report = filter_labels(
        file.path,
        target,
        keep,
        remap=remap,
        compress_level=request.compress_level,
        dictionary=names.dictionary,
        missing=request.missing,
    )
    asked = Names(file.path, names.dictionary)
    there = {0, *report.kept}
    found = {each for each, ids in asked.ids_of(keep).items() if not there.isdisjoint(ids)}
    absent = tuple(each for each in request.keep if each not in found)
    return FilterResult(file, kept_labels(report, asked, remap), absent, names.where)


def _refuse_itself(source: Path, target: Path) -> None:
    """Keep a label map from being overwritten by what was kept of it."""
    sources, targets = (pair_of(path) or (path,) for path in (source, target))
    if {path.resolve() for path in sources} & {path.resolve() for path in targets}:
        msg = "the output would replace the label map itself: choose another folder"
        raise InputError(msg)


def _picture(file: LabelMapFile, target: Path, dictionary: LabelDictionary) -> bytes | None:
    """Draw it over the image, else alone; None where neither can be."""
    for image in dict.fromkeys((file.image, None)):
        try:
            return label_picture(target, dictionary, image=image, title=file.case_id)
        except (ImagingError, OSError) as error:
            log.warning("%s: no picture, %s", file.case_id, type(error).__name__)
    return None
