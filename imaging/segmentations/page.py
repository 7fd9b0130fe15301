"""What a filter's run shows: pictures of label maps, and links to the gateway's viewer."""

import base64
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote, urlencode

from imaging.errors import ImagingError
from imaging.labels.pictures import shrunk
from imaging.segmentations.record import FilterResult, beside
from imaging.segmentations.summary import FilterSummary
from imaging.settings import Settings

log = logging.getLogger(__name__)

_PICTURE_BYTES = 17_000
_PICTURES = 68_000  # characters of all of them: a page stays under 100 KB
_LINES = 40
_LONGEST = 150


def page_of(summary: FilterSummary, settings: Settings) -> str:
    """Write Markdown under 100 KB: counts, failures, some pictures, links, and where the rest is.

    Args:
        summary: A run's results.
        settings: Where the gateway is; without its address there are no links.
    """
    lines = [f"# Labels kept: {summary.title}", "", f"{summary.in_words}.", ""]
    lines += [f"Outputs: `{summary.folder}`. Labels: `{summary.kept_table.with_suffix('.csv')}`."]
    lines += [f"Label maps and reasons: `{summary.files_table}`.", ""]
    failures = [f"- {each.file.case_id}: {each.failure[:_LONGEST]}" for each in summary.failures]
    lines += _section("Failed", failures)
    lines += _section("Lacking, and ignored", _absent(summary.written))
    without = [f"- {each.file.case_id}" for each in summary.results if not each.has_file]
    lines += _section("No label map", without)
    written = summary.written
    links = (viewer_link(result, summary.folder, settings) for result in written)
    shown = [
        f"- [{result.file.case_id}]({link})"
        for result, link in zip(written, links, strict=True)
        if link
    ]
    lines += _section("In the viewer", shown)
    return "\n".join([*lines, *_pictures(written, summary.folder)])


def viewer_link(result: FilterResult, folder: Path, settings: Settings) -> str:
    """Return the address of a label map in the gateway's viewer; empty where there is none.

    There is none, too, where the address would hold a file's own name, which may be a patient's.
    """
    is_shown = result.file.is_named_by_us or settings.show_patient_ids
    files = {"labels": folder / result.file.relative}
    if result.file.image is not None:
        files["image"] = result.file.image
    root = settings.data_root.resolve()
    inside = {
        name: path.resolve().relative_to(root).as_posix()
        for name, path in files.items()
        if path.resolve().is_relative_to(root)
    }
    if not settings.gateway_url or not is_shown or "labels" not in inside:
        return ""
    return f"{settings.gateway_url.rstrip('/')}/view?{urlencode(inside, quote_via=quote)}"


def _section(title: str, lines: Sequence[str]) -> list[str]:
    """Head some lines, and say how many more there are; nothing where there are none."""
    if not lines:
        return []
    more = len(lines) - _LINES
    last = [f"- and {more} more"] if more > 0 else []
    return [f"## {title}", "", *lines[:_LINES], *last, ""]


def _absent(results: Sequence[FilterResult]) -> list[str]:
    lacking = [result for result in results if result.absent]
    return [f"- {each.file.case_id}: {', '.join(each.absent)[:_LONGEST]}" for each in lacking]


def _pictures(results: Sequence[FilterResult], folder: Path) -> Iterator[str]:
    """Give the pictures of the first label maps, as many as there is room for."""
    room = _PICTURES
    for result in results:
        line = _picture(result, folder)
        room -= len(line)
        if room < 0:
            return
        if line:
            yield line


def _picture(result: FilterResult, folder: Path) -> str:
    """Return a picture as text; empty where there is none, or none that is small enough."""
    try:
        png = shrunk(beside(folder / result.file.relative, ".png").read_bytes(), _PICTURE_BYTES)
    except (OSError, ImagingError) as error:
        log.info("%s: no picture shown, %s", result.file.case_id, type(error).__name__)
        return ""
    content = base64.b64encode(png).decode()
    return f"![Labels of {result.file.case_id}](data:image/png;base64,{content})\n"
