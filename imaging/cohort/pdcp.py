"""A PDCP configuration as a specification, with a report of what became what.

PDCP (doi 10.3390/software1020009) is configured by a JSON file of keywords, folders and a server's
address. Rules are translated; places and credentials are settings here, and are only named. Its
hidden rules are named too, since leaving them out silently would change who is in a cohort.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from imaging.cohort.specification import CohortSpecification
from imaging.errors import InputError

_RULES = {
    "required_modalities_for_patient": "required_modalities",
    "study_desc_should_not_contain": "description_must_not_contain",
    "study_desc_may_contain": "description_may_contain",
    "possibilities": "wanted_rois",
}
_PLACES = {
    "ipport": "the setting IMAGING_ORTHANC_URL, or an orthanc-server block",
    "username": "the setting IMAGING_ORTHANC_USER",
    "password": "the setting IMAGING_ORTHANC_PASSWORD, not copied",  # pragma: allowlist secret
    "CONNECTIONS": "nothing: the number of connections is fixed, as more never helped",
    "TIMEOUT": "the setting IMAGING_TIMEOUT_S",
    "imagesummaries": "nothing: summaries are not kept; what was held is in the notes",
    "patientnotesdir": "`notes/` in the cohort's folder",
    "datadictionary": "`patients/` in the cohort's folder",
    "datadirectory": "`patients/` in the cohort's folder",
    "data": "`patients/` in the cohort's folder",
    "quarantine": "`quarantine/` in the cohort's folder",
    "thequarantine": "`quarantine/` in the cohort's folder",
    "link_to_ids": "a worklist: give the file there, its column `ids` is understood",
}
_HIDDEN = (
    "CT of fewer than 50 slices were dropped: set slices.fewest to 50 and slices.outside to"
    " EXCLUDE for the same.",
    "CT of more than 500 slices were dropped, of more than 380 marked for review: set slices.most.",
    "Doses whose maxima add up to 38 Gy or less, or 120 Gy or more, were excluded: set"
    " dose.lowest_maximum_gy and dose.highest_maximum_gy.",
    "All PLAN doses of a study were added, duplicates and unapproved plans too. That was a mistake"
    " and has no counterpart: a plan's dose counts once, and plans are added only if dose.sum_plans"
    " says so.",
    "Patients with several complete studies were excluded. They go to quarantine; with"
    " study_desc_may_contain, several_treatments is set to description: the study whose description"
    " has one of those keywords is taken.",
)


@dataclass(frozen=True, slots=True)
class Translation:
    """A specification and, where it was translated, what became of each key.

    Attributes:
        report: Markdown; "" where nothing had to be translated.
    """

    specification: CohortSpecification
    report: str = ""


def is_pdcp(value: Mapping[str, Any]) -> bool:
    """Tell a PDCP configuration from a specification of ours.

    Raises:
        InputError: It mixes fields of both: half of its rules would be lost.
    """
    theirs = {*_RULES, *_PLACES}.intersection(value)
    ours = set(CohortSpecification.model_fields).intersection(value)
    if theirs and ours:
        msg = f"fields of a specification ({_listed(ours)}) stand beside PDCP's ({_listed(theirs)})"
        raise InputError(msg)
    return bool(theirs)


def wrong_fields(error: ValidationError) -> str:
    """Say which fields are wrong and why, without repeating what was given."""
    rows = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, row['loc']))}: {row['msg']}" for row in rows)


def translate(config: Mapping[str, Any]) -> Translation:
    """Translate a PDCP configuration.

    A keyword of `possibilities` was looked for anywhere in a ROI's name, so it becomes a pattern
    with a wildcard on either side.

    Raises:
        InputError: A value is not the list of texts that PDCP takes, or a modality is none.
    """
    fields: dict[str, Any] = {}
    rows = []
    for key, name in _RULES.items():
        if key not in config:
            continue
        values = _texts(key, config[key])
        fields[name] = [f"*{text}*" for text in values] if name == "wanted_rois" else values
        rows.append((key, f"`{name}`: {', '.join(fields[name]) or 'nothing'}"))
    rows += [(key, _PLACES[key]) for key in config if key in _PLACES]
    known = {*_RULES, *_PLACES}
    rows += [(str(key), "nothing: not a key of PDCP") for key in config if key not in known]
    if "required_modalities" in fields:
        fields["required_modalities"] = [m.strip().upper() for m in fields["required_modalities"]]
    if fields.get("description_may_contain"):
        fields["several_treatments"] = "description"
    try:
        specification = CohortSpecification.model_validate(fields)
    except ValidationError as error:
        msg = f"the PDCP configuration cannot be translated: {wrong_fields(error)}"
        raise InputError(msg) from None
    return Translation(specification, _report(rows, specification))


def _texts(key: str, value: Any) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        msg = f"{key} of the PDCP configuration is not a list of texts"
        raise InputError(msg)
    return [text for text in texts if text.strip()]


def _report(rows: list[tuple[str, str]], specification: CohortSpecification) -> str:
    lines = ["# A PDCP configuration, translated", "", "| PDCP | here |", "| --- | --- |"]
    lines += [f"| `{key}` | {_cell(became)} |" for key, became in rows]
    lines += ["", "Rules of PDCP that no configuration showed, and that were not taken over:", ""]
    lines += [f"- {rule}" for rule in _HIDDEN]
    lines += ["", "The specification:", "", "```json"]
    lines += [specification.model_dump_json(indent=2, exclude_defaults=True), "```"]
    return "\n".join(lines) + "\n"


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
