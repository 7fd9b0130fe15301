"""A dry run: everything that would be done before money is spent, and nothing sent."""

import json
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

from imaging.dicom.deidentify import Deidentifier
from imaging.fusion.connection import VendorConnection
from imaging.fusion.journey.inputs import pack_inputs, remove_work, work_of
from imaging.fusion.journey.preparing import Prepared
from imaging.fusion.journey.watching import Progress, Watch, silent, without_paths
from imaging.fusion.specification import CBCT, LOWER, UPPER
from imaging.fusion.vendor import mesh_input, run_call

_NOBODY = VendorConnection(
    name="dry run",
    url="https://vendor.invalid",
    files_url="https://vendor.invalid",
    user_group="(your group)",
    user_id="(your user)",
    token="-",  # noqa: S106 - nobody's
)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would be sent.

    Attributes:
        key: Names the job.
        rows: A row an input: what was found of it.
        sizes: Bytes that would be uploaded, by input.
        call: The body of the call that costs money; the uploads' names stand in brackets.
    """

    key: str
    rows: list[dict[str, Any]]
    sizes: dict[str, int]
    call: dict[str, Any]

    def to_markdown(self) -> str:
        """Write it for a person."""
        lines = ["| input | bytes to upload |", "|---|---:|"]
        lines += [f"| {name} | {size:,} |" for name, size in self.sizes.items()]
        body = json.dumps(self.call, indent=2)
        return "\n".join([*lines, "", "The call would be:", "", "```json", body, "```"])


def rehearse(
    prepared: Prepared,
    data_root: Path,
    deidentifier: Deidentifier | None = None,
    progress: Progress = silent,
) -> Rehearsal:
    """Pack a case as for the vendor, measure it, and remove it again.

    Args:
        prepared: The case, checked.
        data_root: It is packed below it.
        deidentifier: Takes the identity out of the CBCT on the way; None leaves it as it is.
        progress: Is told each step, and the share that is done.

    Raises:
        InputError: An input cannot be packed, or changed since it was checked.
    """
    key = f"rehearsal-{token_hex(8)}"  # not the job's own: that may be under way
    try:
        folder = work_of(key, data_root, deidentifier)
        with without_paths("the inputs cannot be packed"):
            files = pack_inputs(prepared, folder, deidentifier, Watch(progress, lambda: None))
            sizes = {name: path.stat().st_size for name, path in files.items()}
    finally:
        remove_work(key, data_root)
    inputs = {
        UPPER: mesh_input("ply", "(upper scan)"),
        LOWER: mesh_input("ply", "(lower scan)"),
        CBCT: "(CBCT)",
    }
    metadata = {"key": prepared.key, "case": prepared.case.case}
    call = run_call(_NOBODY, prepared.specification, inputs, metadata=metadata)
    return Rehearsal(prepared.key, prepared.rows(), sizes, dict(call))
