"""What a call that submits must look like: the documented fields, and inputs that can be used."""

import base64
import binascii
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import DracoPy
import pydicom
import trimesh

from imaging.phantoms.vendor.calls import RefusalError
from imaging.phantoms.vendor.products import MESH_TYPES, OUTPUTS

FUSION = ("cbct", "scan-seg-and-cbct-fusion", "1.0-snapshot")
_MOST_OF_METADATA = 128
_WORDS = ("spec_group", "spec_name", "spec_version", "user_group", "user_id")

Find = Callable[[str], bytes | Path]
"""Returns the file of a urn, or raises `RefusalError`."""


def check_call(content: bytes, account: tuple[str, str], find: Find) -> dict[str, Any]:
    """Read a call that submits, and refuse it where it is not as documented.

    Args:
        content: Of the POST.
        account: User group and user id that it must name.
        find: Finds uploads and earlier results.

    Raises:
        RefusalError: It cannot be run, and costs nothing.
    """
    call = _read(content)
    if (call["user_group"], call["user_id"]) != account:
        raise RefusalError(403, "another user's")
    _check_metadata(call.get("metadata", {}))
    _check_notification(call.get("notification", []))
    is_fusion = tuple(call[word] for word in _WORDS[:3]) == FUSION
    _check_outputs(call["output_config"], OUTPUTS if is_fusion else ())
    if is_fusion:
        _check_inputs(call["input_data"], find)
    return call


def _read(content: bytes) -> dict[str, Any]:
    try:
        call = json.loads(content)
    except ValueError:
        raise RefusalError(400, "no JSON") from None
    if not isinstance(call, dict):
        raise RefusalError(422, "no object")
    for word in _WORDS:
        if not isinstance(call.get(word), str) or not call[word]:
            raise RefusalError(422, f"{word} is required")
    for word in ("input_data", "output_config"):
        if not isinstance(call.get(word), dict) or not call[word]:
            raise RefusalError(422, f"{word} is required")
    return call


def _check_metadata(metadata: Any) -> None:
    if not isinstance(metadata, dict):
        raise RefusalError(422, "metadata is no object")
    if any(len(str(item)) > _MOST_OF_METADATA for pair in metadata.items() for item in pair):
        raise RefusalError(422, f"an item of metadata has more than {_MOST_OF_METADATA} characters")


def _check_notification(notification: Any) -> None:
    is_list = isinstance(notification, list)
    if not is_list or not all(isinstance(one, dict) and one.get("url") for one in notification):
        raise RefusalError(422, "notification is no list of addresses")


def _check_outputs(outputs: dict[str, Any], known: tuple[str, ...]) -> None:
    for name, wanted in outputs.items():
        if known and name not in known:
            raise RefusalError(422, f"no output is called {name}")
        if not isinstance(wanted, dict) or wanted.get("type") not in MESH_TYPES:
            raise RefusalError(422, f"{name}: type is one of {', '.join(MESH_TYPES)}")
        if wanted.get("output-location", "bytes") != "bytes":
            raise RefusalError(422, f"{name}: output-location is bytes, or absent")


def _check_inputs(inputs: dict[str, Any], find: Find) -> None:
    for name in ("upper_jaw_scan", "lower_jaw_scan"):
        _check_mesh(name, inputs.get(name), find)
    urn = inputs.get("raw_ct_file")
    if not isinstance(urn, str):
        raise RefusalError(422, "raw_ct_file is a urn")
    found = find(urn)
    with io.BytesIO(found) if isinstance(found, bytes) else found.open("rb") as file:
        _check_volume(file)


def _check_mesh(name: str, given: Any, find: Find) -> None:
    kinds = (*MESH_TYPES, "zip", "tar.gz")
    if not isinstance(given, dict) or given.get("type") not in kinds:
        raise RefusalError(422, f"{name}: type is one of {', '.join(kinds)}")
    data = given.get("data")
    if not isinstance(data, str):
        raise RefusalError(422, f"{name}: data is a urn, or base64")
    try:
        content = _content(data, find)
        faces = _faces(*_unpacked(content, given["type"]))
    except RefusalError:
        raise
    except Exception:  # noqa: BLE001 - readers of meshes raise anything
        raise RefusalError(422, f"{name}: unreadable") from None
    if not faces:
        raise RefusalError(422, f"{name}: no faces")


def _content(data: str, find: Find) -> bytes:
    if data.startswith("urn:"):
        found = find(data)
        return found if isinstance(found, bytes) else found.read_bytes()
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        raise RefusalError(422, "neither urn nor base64") from None


def _unpacked(content: bytes, kind: str) -> tuple[bytes, str]:
    """Return the one mesh of an archive, and its type."""
    if kind == "zip":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            (name,) = archive.namelist()
            return archive.read(name), name.rpartition(".")[2].lower()
    if kind == "tar.gz":
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            (member,) = archive.getmembers()
            file = archive.extractfile(member)
            return file.read() if file else b"", member.name.rpartition(".")[2].lower()
    return content, kind


def _faces(content: bytes, kind: str) -> int:
    if kind == "drc":
        return len(DracoPy.decode(content).faces)
    return len(trimesh.load_mesh(io.BytesIO(content), file_type=kind).faces)


def _check_volume(file: BinaryIO) -> None:
    if file.read(4) == b"NRRD":
        return
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile:
        raise RefusalError(422, "raw_ct_file: neither a zip nor NRRD") from None
    with archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        series = {_series(archive, member) for member in members}
    if len(series) != 1:
        raise RefusalError(422, f"raw_ct_file: {len(series)} series, not one")


def _series(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    """Return the SeriesInstanceUID of a CT image, or the name of an NRRD file."""
    with archive.open(member) as file:
        if file.read(4) == b"NRRD":
            return member.filename
        file.seek(0)
        try:
            image = pydicom.dcmread(
                file, stop_before_pixels=True, specific_tags=["Modality", "SeriesInstanceUID"]
            )
            modality, uid = image.Modality, str(image.SeriesInstanceUID)
        except Exception:  # noqa: BLE001 - pydicom raises anything on damaged files
            raise RefusalError(422, "raw_ct_file: a member is no DICOM image") from None
    if modality != "CT":
        raise RefusalError(422, "raw_ct_file: a member is no CT")
    return uid
