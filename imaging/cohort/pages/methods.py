"""The methods paragraph: how the cohort was made, in words that can go into a paper."""

import re
from collections import Counter
from dataclasses import dataclass

import pandas as pd

from imaging.cohort.codes import CODES, Outcome
from imaging.cohort.pages.flow import Tally
from imaging.cohort.pages.provenance import versions
from imaging.cohort.pages.selection_words import selection_in_words
from imaging.cohort.pages.words import counted, listed, was
from imaging.cohort.specification import CohortSpecification
from imaging.rt.conventions import CONVENTIONS
from imaging.rt.method import Method

_BETWEEN = {
    "prism": "each contour reached half-way to the next",
    "cubic": "areas between contours followed a cubic",
    "shape": "outlines changed evenly from one contour to the next",
}
_CAPS = {
    "half": "half a gap beyond the first and the last",
    "none": "not beyond the first and the last",
    "rounded": "with rounded ends beyond the first and the last",
}
_DONE = {Outcome.EXCLUDE: "excluded", Outcome.REVIEW: "put up for review"}


@dataclass(frozen=True, slots=True)
class DvhFacts:
    """What is known of the DVHs of the cohort.

    Attributes:
        cases: How many cases have some.
        methods: How they were calculated, as the results say.
    """

    cases: int
    methods: tuple[str, ...]

    @classmethod
    def of(cls, metrics: pd.DataFrame | None) -> "DvhFacts | None":
        """Take them from the table of metrics; None where there is none."""
        if metrics is None:
            return None
        # Tables of before there was a choice of methods do not name any.
        named = metrics["method"].unique() if "method" in metrics else ()
        methods = sorted(text for text in named if text)
        return cls(metrics["case_id"].nunique(), tuple(methods))


def methods_paragraph(
    tally: Tally, rules: CohortSpecification, dvhs: DvhFacts | None = None, archive: str = ""
) -> str:
    """Write the paragraph: selection, numbers, what was written, DVHs, software.

    Args:
        tally: The counts.
        rules: What patients had to have, and what was written.
        dvhs: What is known of the DVHs; None leaves them out.
        archive: What was looked through, such as "an Orthanc server".
    """
    parts = [
        f"The cohort was extracted from {archive or 'a DICOM archive'}.",
        selection_in_words(rules),
        _numbers(tally),
        _outputs(tally, rules),
        "" if dvhs is None else _dvhs(dvhs),
        _software(),
    ]
    return " ".join(part for part in parts if part)


def as_markdown(paragraph: str) -> str:
    """Return the paragraph as a Markdown page; patterns of ROI names are no emphasis."""
    return "# Methods\n\n" + re.sub(r"([\\`*<\[])", r"\\\1", paragraph) + "\n"


def _numbers(tally: Tally) -> str:
    """Say how many there were, how many were left out and why, and how many are left."""
    looked = f"In all, {counted(tally.patients, 'patient')} {was(tally.patients)} considered"
    if tally.cases != tally.patients:
        looked += f", who made {counted(tally.cases, 'case')}"
    said, among = [f"{looked}."], "these"
    for outcome, done in _DONE.items():
        count = tally.count(outcome)
        if count:
            said.append(f"Of {among}, {count:,} {was(count)} {done}: {_reasons(tally, outcome)}.")
            among = "the others"
    return " ".join([*said, _left(tally)])


def _left(tally: Tally) -> str:
    """Say how many are in the cohort."""
    if not tally.proceed:
        return "None was left for the cohort."
    if tally.proceed == tally.cases:
        return (
            "All of them made up the cohort." if tally.cases > 1 else "That one made up the cohort."
        )
    return f"The remaining {tally.proceed:,} made up the cohort."


def _reasons(tally: Tally, outcome: Outcome) -> str:
    """Name the reasons, the most frequent first, each with its code and number."""
    counts: Counter[str] = Counter()
    for branch in tally.branches:
        if branch.outcome is outcome:
            counts[branch.code] += branch.count
    ranked = sorted(counts, key=lambda code: (-counts[code], code))
    return "; ".join(f"{CODES[code].meaning} ({code}, n = {counts[code]:,})" for code in ranked)


def _outputs(tally: Tally, rules: CohortSpecification) -> str:
    outputs, said = rules.outputs, []
    if outputs.image:
        said.append("Images were converted to NIfTI with their place in the patient kept.")
    kinds = ["each ROI into a mask of its own"] * outputs.masks
    kinds += ["all ROIs into one label map"] * outputs.label_map
    if kinds and "RTSTRUCT" in rules.required_modalities:
        said.append(
            "Contours were filled by the even-odd rule at the centres of the voxels of the images,"
            f" {listed(kinds)}."
        )
    if outputs.dose_files and "RTDOSE" in rules.required_modalities:
        grids = ["on its own grid"] * outputs.dose
        grids += ["interpolated linearly onto the grid of the images"] * outputs.dose_on_image
        said.append(f"The dose was written in Gy as NIfTI, {listed(grids)}.")
    return " ".join([*said, *_resampling(tally, rules)])


def _resampling(tally: Tally, rules: CohortSpecification) -> list[str]:
    """Say what was done to slices that do not stack evenly, if anything was made of them."""
    outputs, images = rules.outputs, rules.images
    if not (outputs.image or outputs.masks or outputs.label_map):
        return []
    filled, straightened = tally.having["XII_SUCC_002"], tally.having["XII_SUCC_003"]
    said = []
    if images.fill_missing_slices:
        gap = counted(images.fill_missing_slices, "missing slice")
        said.append(
            f"Up to {gap} in a row {was(images.fill_missing_slices)} interpolated (n = {filled:,})."
        )
    if images.straighten_tilt:
        said.append(f"Tilted images were resampled onto an upright grid (n = {straightened:,}).")
    return said or ["No image was resampled."]


def _dvhs(facts: DvhFacts) -> str:
    """Say how the DVHs were calculated, in words where the method is one that is known."""
    known = {row.method.text: row.method for row in CONVENTIONS.values()}
    known["dicompyler-core"] = Method(engine="dicompyler")
    ways = [
        _way(known[text]) if text in known else f"by the method “{text}”" for text in facts.methods
    ]
    how = f" {listed(ways, 'or')}" if ways else ""
    count = counted(facts.cases, "case")
    return f"Dose-volume histograms of {count} {was(facts.cases)} calculated{how}."


def _way(method: Method) -> str:
    if method.engine == "dicompyler":
        return "by dicompyler-core"
    caps = _CAPS.get(str(method.end_caps), f"{method.caps_text} beyond the first and the last")
    dose = "linearly" if method.dose_interpolation == "linear" else "by a cubic spline"
    limit = f", at most {method.longest_cap_mm:g} mm" if method.longest_cap_mm else ""
    return (
        "exactly from contours and dose, without voxels of the structures:"
        f" {_BETWEEN[method.between]} and {caps}{limit}, the dose being interpolated {dose}"
    )


def _software() -> str:
    return f"Software: {listed([f'{name} {number}' for name, number in versions().items()])}."
