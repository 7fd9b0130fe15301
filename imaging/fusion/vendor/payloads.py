"""What is sent to the vendor and what it answers, in types."""

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from imaging.errors import InputError, RemoteRejectedError
from imaging.fusion.connection import VendorConnection
from imaging.fusion.specification import FusionSpecification, MeshType

log = logging.getLogger(__name__)

URN = "urn:"

_LONGEST_ITEM = 128  # of metadata, by the vendor's contract
_LONGEST_REASON = 300
_LONGEST_URN = 1024
_LONGEST_WORD = 60
_MARKUP = "<>[]`"  # a page that shows it could show a stranger's picture, or a link, in its place
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RUN_ID = re.compile(r"(?!\.+$)[A-Za-z0-9_.:-]{1,128}")  # dots alone would lead up an address


class MeshInput(TypedDict):
    """A mesh as input: its format, and the urn or base64 of its content."""

    type: str
    data: str


class RunCall(TypedDict, total=False):
    """The body of the call that costs money; the last two fields may be absent."""

    spec_group: str
    spec_name: str
    spec_version: str
    user_group: str
    user_id: str
    input_data: dict[str, Any]
    output_config: dict[str, dict[str, str]]
    metadata: dict[str, str]
    notification: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class RunStatus:
    """What the vendor says of a run; neither of the two while it goes on.

    Attributes:
        completed: It is done and did not fail.
        failed: It failed, whatever else is said of it.
        reason: Why, in the vendor's words for the public, without addresses; may be empty.
    """

    completed: bool
    failed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DeliveredMesh:
    """A mesh of a finished run.

    Attributes:
        output: The output it belongs to, as it was asked for.
        name: Within its output: unique, also where case does not count, and safe in a file's name.
        type: Its format.
        data: A urn to download, or its content in base64.
    """

    output: str
    name: str
    type: MeshType
    data: str = field(repr=False)


def mesh_input(kind: str, urn: str) -> MeshInput:
    """Return a mesh as an input of a run.

    Args:
        kind: obj, stl, off, ply, glb, drc, or zip or tar.gz that hold exactly one mesh.
        urn: Of an upload, or of another run's output.
    """
    return MeshInput(type=kind, data=urn)


def run_call(
    connection: VendorConnection,
    specification: FusionSpecification,
    inputs: Mapping[str, Any],
    *,
    metadata: Mapping[str, str],
    callback: str = "",
) -> RunCall:
    """Return the body of a call, every documented field.

    Args:
        connection: Whose account pays.
        specification: What is asked for.
        inputs: The input data by name: a mesh, or a urn.
        metadata: Comes back with the callback.
        callback: Where the vendor reports the end; empty for nowhere.

    Raises:
        InputError: Metadata that the vendor would not take.
    """
    for text in (*metadata.keys(), *metadata.values()):
        if not _is_item(text):
            msg = f"metadata are texts of at most {_LONGEST_ITEM} characters each"
            raise InputError(msg)
    call = RunCall(
        spec_group=specification.spec_group,
        spec_name=specification.spec_name,
        spec_version=specification.spec_version,
        user_group=connection.user_group,
        user_id=connection.user_id,
        input_data={**specification.further_inputs, **inputs},
        output_config=specification.output_config(),
    )
    if metadata:
        call["metadata"] = dict(metadata)
    if callback:
        call["notification"] = [{"url": callback}]
    return call


def _is_item(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_ITEM


def as_body(call: RunCall) -> bytes:
    """Write a call as JSON.

    Raises:
        InputError: It holds what JSON cannot hold.
    """
    try:
        return json.dumps(call, ensure_ascii=True, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        pass  # its text may quote what was to be written
    msg = "the inputs of the run cannot be written as JSON"
    raise InputError(msg)


def is_run_id(value: object) -> bool:
    """Tell whether a value can name a run, also within an address."""
    return isinstance(value, str) and _RUN_ID.fullmatch(value) is not None


def is_word(value: str) -> bool:
    """Tell whether a text can name an output, also within an address."""
    return _WORD.fullmatch(value) is not None


def is_urn(text: str) -> bool:
    """Tell whether a text can name a file at the vendor, and nothing above it."""
    return (
        text.startswith(URN)
        and len(text) <= _LONGEST_URN
        and text.isprintable()
        and not set(text) & set(" \\?#%")
        and ".." not in re.split(r"[:/]", text)
    )


def status_of(answer: object) -> RunStatus:
    """Read the status of a run.

    Raises:
        RemoteRejectedError: It lacks one of its two booleans; such an answer is never a success.
    """
    fields = answer if isinstance(answer, dict) else {}
    completed, failed = fields.get("completed"), fields.get("failed")
    if not isinstance(completed, bool) or not isinstance(failed, bool):
        msg = "the status of the run is not two booleans, completed and failed"
        raise RemoteRejectedError(msg)
    if completed and failed:
        log.warning("a run is both completed and failed; it counts as failed")
    return RunStatus(completed and not failed, failed, _public(fields.get("reason_public")))


def _public(reason: object) -> str:
    """Return a reason without addresses, urns, markup and control characters, and not too long."""
    if not isinstance(reason, str):
        return ""
    kept = (one.isprintable() and one not in _MARKUP for one in reason[: 10 * _LONGEST_REASON])
    text = "".join(one if keep else " " for one, keep in zip(reason, kept, strict=False))
    words = ("…" if _is_hidden(word) else word for word in text.split())
    return " ".join(words)[:_LONGEST_REASON]


def is_address(text: str) -> bool:
    """Tell whether a text could hold an address, with a signature perhaps, or a urn."""
    return "//" in text or URN in text.lower() or ("=" in text and "/" in text)


def _is_hidden(word: str) -> bool:
    """Tell whether a word could be an address, or a part of one: a signature, a token."""
    could_be_signature = "=" in word and len(word) > _LONGEST_WORD // 3
    return is_address(word) or could_be_signature or (word.isascii() and len(word) > _LONGEST_WORD)
