"""Keeping some labels of one label map of many: its failure is its own."""

import logging
import os
from contextlib import suppress
from pathlib import Path

from imaging.errors import ImagingError
from imaging.files import write_whole
from imaging.labels import NamedDictionary, Names, dictionary_for, filter_labels
from imaging.labels.dictionaries import write_dictionary
from imaging.labels.pictures import label_picture
from imaging.labels.source import pair_of
from imaging.segmentations.images import refuse_image
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
    if _is_itself(file.path, target):
        reason = "the output would replace the label map itself: choose another folder"
        return FilterResult(file, failure=reason)
    if not file.is_expected and not file.path.exists():
        remove_outputs(target)
        return FilterResult(file, has_file=False)
    try:
        return _filtered(file, request, target)
    except ImagingError as error:
        reason = str(error)
    except FileNotFoundError:
        reason = "the label map is not there"
    except OSError as error:
        reason = error.strerror or type(error).__name__  # all of the error names the file
    log.warning("%s: not filtered", file.case_id)
    with suppress(OSError):  # which is why it failed
        remove_outputs(target)  # of an earlier run: they are no answer to this request
    return FilterResult(file, failure=reason)


def _filtered(file: LabelMapFile, request: FilterRequest, target: Path) -> FilterResult:
    names = request.names or dictionary_for(file.path)
    key = key_of(file, request, names)
    result = earlier(file, key, target)
    drawing = beside(target, ".png")
    if result is None:
        remove_outputs(target)
        result = _written(file, request, names, target)
        dictionary = outgoing_dictionary(result.kept, names.dictionary)
        write_dictionary(beside(target, ".tsv"), dictionary)
    elif not request.has_pictures or drawing.exists():
        return result
    if request.has_pictures and (picture := _picture(result, names, target)) is not None:
        write_whole(drawing, picture)
    write_record(result, key, target)
    return result


def _written(
    file: LabelMapFile, request: FilterRequest, names: NamedDictionary, target: Path
) -> FilterResult:
    """Write the label map; what the request may ask in vain is left out of it where it is so."""
    asked_for = names.dictionary.apart(request.keep)
    keep, remap = asked_for, dict(request.remap)
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
    refuse_image(report.present)
    asked = Names(file.path, names.dictionary)
    there = {0, *report.kept}
    found = {each for each, ids in asked.ids_of(keep).items() if not there.isdisjoint(ids)}
    absent = tuple(each for each in asked_for if each not in found)
    return FilterResult(file, kept_labels(report, asked, remap), absent, names.where)


def _is_itself(source: Path, target: Path) -> bool:
    """Say whether a label map would be overwritten by what is kept of it."""
    sources, targets = (
        {os.path.realpath(each) for each in pair_of(path) or (path,)} for path in (source, target)
    )
    return not sources.isdisjoint(targets)


def _picture(result: FilterResult, names: NamedDictionary, target: Path) -> bytes | None:
    """Draw it over the image, else alone; None where neither can be, which a rerun tries again."""
    file, dictionary = result.file, outgoing_dictionary(result.kept, names.dictionary)
    for image in dict.fromkeys((file.image, None)):
        try:
            return label_picture(target, dictionary, image=image, title=file.case_id)
        except (ImagingError, OSError) as error:
            log.warning("%s: no picture, %s", file.case_id, type(error).__name__)
    return None
