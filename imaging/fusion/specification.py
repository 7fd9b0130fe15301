"""What is asked of the vendor: which workflow, and which meshes in which format."""

import json
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MeshType = Literal["ply", "stl", "obj", "off", "glb", "drc"]

OUTPUTS = ("teeth", "root", "fusion", "reconstructions", "cbct_lower_jaw", "cbct_upper_jaw")
UPPER, LOWER, CBCT = "upper_jaw_scan", "lower_jaw_scan", "raw_ct_file"

_Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


def _all_as(kind: MeshType) -> dict[str, MeshType]:
    return dict.fromkeys(OUTPUTS, kind)


class FusionSpecification(BaseModel):
    """Which workflow of the vendor's runs, and what it hands back.

    Attributes:
        spec_group: The vendor's group of workflows.
        spec_name: The workflow.
        spec_version: Its version.
        outputs: Format of each mesh or group of meshes that is asked for, by the vendor's name.
        inline: Meshes come within the answer (base64), not as files to download.
        further_inputs: Sent with the input data as they are, for workflows that ask for more.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    spec_group: _Word = Field("cbct", description="The vendor's group of workflows.")
    spec_name: _Word = Field("scan-seg-and-cbct-fusion", description="The workflow.")
    spec_version: _Word = Field("1.0-snapshot", description="Version of the workflow.")
    outputs: dict[_Word, MeshType] = Field(
        default_factory=lambda: _all_as("ply"),
        min_length=1,
        description="Format of each mesh, or group of meshes, that is asked for.",
    )
    inline: bool = Field(default=False, description="Meshes come within the answer (base64).")
    further_inputs: dict[str, Any] = Field(
        default_factory=dict, description="Sent with the input data as they are."
    )

    def output_config(self) -> dict[str, dict[str, str]]:
        """Return the field `output_config` of a call."""
        place = {"output-location": "bytes"} if self.inline else {}
        return {name: {"type": kind, **place} for name, kind in self.outputs.items()}


def content_key(specification: FusionSpecification, hashes: dict[str, str]) -> str:
    """Name a job by its content: the same files and the same question are one job, paid once.

    Names, dates, addresses of uploads and how files are packed do not count.

    Args:
        specification: What is asked for.
        hashes: SHA-256 of the content of each input, by the input's name.

    Returns:
        64 hexadecimal digits.
    """
    content = [specification.model_dump(mode="json"), hashes]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256(text.encode()).hexdigest()
