"""Archives and vendors by name: `default` is what the settings say, any other a Prefect block."""

import hashlib
from contextlib import closing
from pathlib import Path
from typing import cast

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl, SecretStr

from imaging.dicom import Archive, FolderArchive
from imaging.errors import SettingError
from imaging.fusion.connection import ACCOUNT, VendorConnection, default_connection
from imaging.orthanc import OrthancArchive
from imaging.settings import settings

DEFAULT = "default"


class OrthancServer(Block):
    """An Orthanc server, named in the Prefect UI so that flows can choose it."""

    _block_type_slug = "orthanc-server"
    _block_type_name = "Orthanc server"

    url: HttpUrl = Field(description="Address of the REST API, for example http://10.0.0.5:8042")
    user: str = Field("", description="User, empty when the server asks for none")
    password: SecretStr = Field(SecretStr(""), description="Password of that user")

    def open(self, *, known: bool) -> Archive:
        """Return the archive; nothing is asked of the server yet."""
        return OrthancArchive(
            str(self.url),
            self.user,
            self.password.get_secret_value(),
            timeout_s=settings().timeout_s,
            known=known,
        )


class DicomFolder(Block):
    """A folder of DICOM files, named in the Prefect UI so that flows can choose it."""

    _block_type_slug = "dicom-folder"
    _block_type_name = "DICOM folder"

    path: Path = Field(description="The folder; it is read only, and searched with its subfolders")

    def open(self, *, known: bool) -> Archive:  # noqa: ARG002 - as of the other kind
        """Return the archive; the folder is indexed at the first question."""
        return _folder(self.path)


class FusionVendor(Block):
    """An account at the vendor of CBCT fusions; every run is charged to it."""

    _block_type_slug = "fusion-vendor"
    _block_type_name = "Fusion vendor"

    url: HttpUrl = Field(description="Address of the vendor's API")
    files_url: HttpUrl = Field(description="Address of the vendor's file server")
    user_group: str = Field("APIClient", description="User group, as the vendor issued it")
    user_id: str = Field(description="User id, as the vendor issued it")
    token: SecretStr = Field(description="Token (X-ZH-TOKEN); runs are charged to it")
    callback_url: str = Field(
        "", description="Where the vendor reaches the gateway; empty when it cannot: then we poll"
    )
    runs_per_day: int = Field(20, ge=0, description="Most runs paid for in any 24 hours")
    runs_per_month: int = Field(200, ge=0, description="Most runs paid for in any 30 days")
    deadline_s: float = Field(
        7200.0, gt=0, allow_inf_nan=False, description="A job that takes longer is overdue"
    )

    def connection(self, name: str) -> VendorConnection:
        """Return the account, by the name that jobs remember it by."""
        account = {field: getattr(self, field) for field in ACCOUNT}
        return VendorConnection.of(name, account, settings())


def find_vendor(name: str) -> VendorConnection | None:
    """Return the account of a connection's name; None for a `default` that is not set up.

    Args:
        name: `default`, or `fusion-vendor/<block>`.

    Raises:
        SettingError: No block has that name, or the account is incomplete.
    """
    if name == DEFAULT:
        return default_connection(settings())
    kind, _, block = name.partition("/")
    if kind != "fusion-vendor" or not block:
        setting, msg = (
            "connection",
            f"{name!r} names no vendor: say default or fusion-vendor/<name>",
        )
        raise SettingError(setting, msg)
    return cast("FusionVendor", _loaded(FusionVendor, block, name, "connection")).connection(name)


def open_archive(name: str, *, known: bool = False) -> "closing[Archive]":
    """Open an archive by its connection's name, as a context manager.

    Args:
        name: `default`, or `orthanc-server/<block>` or `dicom-folder/<block>`.
        known: This run has reached it before: when it cannot be reached now, it is down for a
            while (worth trying again), and the address is not wrong.

    Raises:
        SettingError: No archive is configured, or no block has that name.
    """
    return closing(_opened(name, "archive", known=known))


def open_destination(name: str, *, known: bool = False) -> "closing[OrthancArchive]":
    """Open an Orthanc to send to, by its connection's name, as a context manager.

    Args:
        name: `orthanc-server/<block>`, or `default` where the settings name an Orthanc.
        known: This run has reached it before.

    Raises:
        SettingError: The name is that of a folder, or of nothing.
    """
    archive = _opened(name, "destination", known=known)
    if not isinstance(archive, OrthancArchive):
        archive.close()
        setting, msg = "destination", f"{name!r} is a folder; only an Orthanc server can be sent to"
        raise SettingError(setting, msg)
    return closing(archive)


def _opened(name: str, parameter: str, *, known: bool) -> Archive:
    return _default(known=known) if name == DEFAULT else _block(name, parameter).open(known=known)


def _default(*, known: bool) -> Archive:
    place = settings()
    if place.orthanc_url is not None:
        password = place.orthanc_password.get_secret_value()
        return OrthancArchive(
            str(place.orthanc_url),
            place.orthanc_user,
            password,
            timeout_s=place.timeout_s,
            known=known,
        )
    if place.dicom_folder is not None:
        return _folder(place.dicom_folder)
    setting, message = "IMAGING_ORTHANC_URL", "no archive is configured"
    raise SettingError(setting, f"{message} (nor is IMAGING_DICOM_FOLDER, the other way)")


def _folder(path: Path) -> Archive:
    """Open a folder with its index among our own files: the folder itself is only read."""
    name = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]
    return FolderArchive(path, settings().data_root / ".indexes" / f"{name}.sqlite")


def _block(name: str, setting: str) -> OrthancServer | DicomFolder:
    kinds: dict[str, type[OrthancServer | DicomFolder]] = {
        "orthanc-server": OrthancServer,
        "dicom-folder": DicomFolder,
    }
    kind, _, block = name.partition("/")
    if kind not in kinds or not block:
        known = " or ".join(f"{slug}/<name>" for slug in kinds)
        raise SettingError(setting, f"{name!r} names no archive: say default, {known}")
    return cast("OrthancServer | DicomFolder", _loaded(kinds[kind], block, name, setting))


def _loaded(kind: type[Block], block: str, name: str, setting: str) -> Block:
    try:
        return cast("Block", kind.load(block))
    except ValueError as error:
        msg = f"Prefect has no block {name!r}; make it under Blocks in the UI"
        raise SettingError(setting, msg) from error
