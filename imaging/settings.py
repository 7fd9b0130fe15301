"""Where things are: read once from the environment and `.env`, then passed down."""

import hashlib
import hmac
import os
import secrets
import string
from functools import lru_cache
from pathlib import Path

from pydantic import Field, HttpUrl, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from imaging.errors import SettingError

PROJECT_ROOT = Path(__file__).parents[1]

# Crockford's base 32: without the letters that are misread.
_ALPHABET = "".join(sorted(set(string.digits + string.ascii_lowercase) - set("ilou")))

_LEAST_RELEASE_KEY = 32


class Settings(BaseSettings):
    """Places and credentials; environment variables are prefixed IMAGING_, secrets never print.

    Paths that are not absolute count from the project's folder: Prefect's process worker runs a
    flow in a temporary folder, where `./data` would vanish with the run.
    """

    model_config = SettingsConfigDict(
        env_prefix="IMAGING_",
        env_file=PROJECT_ROOT / ".env",
        extra="ignore",
        hide_input_in_errors=True,  # an address may hold a password
    )

    data_root: Path = Field(Path("data"), description="Folder that holds every result.")
    orthanc_url: HttpUrl | None = Field(None, description="Address of Orthanc's REST API.")
    orthanc_user: str = Field("", description="Orthanc user; empty when it asks for none.")
    orthanc_password: SecretStr = Field(SecretStr(""), description="Password of that user.")
    dicom_folder: Path | None = Field(
        None, description="Folder of DICOM files: the embedded archive."
    )
    timeout_s: float = Field(
        60.0, gt=0, allow_inf_nan=False, description="Longest silence of a server before giving up."
    )
    project_key: SecretStr = Field(SecretStr(""), description="Secret behind the case ids.")
    crosswalk_key: SecretStr = Field(
        SecretStr(""), description="Passphrase of the crosswalks, which say who became whom."
    )
    show_patient_ids: bool = Field(
        default=False, description="The archive is already pseudonymous."
    )
    gateway_host: str = Field("127.0.0.1", description="Address the gateway listens on.")
    gateway_port: int = Field(8888, ge=0, le=65535, description="Port it listens on.")
    gateway_url: str = Field("", description="Where others reach it; links to results begin so.")
    gateway_origins: str = Field("", description="Origins of web pages that may read from it.")
    gateway_listing: bool = Field(default=True, description="It shows folders as pages.")
    gateway_cache_mb: int = Field(4096, ge=1, description="Most disk for filtered label maps.")
    gateway_upload_mb: int = Field(512, ge=1, description="Largest body of a request.")
    gateway_seconds: float = Field(300.0, gt=0, description="Longest time for one request.")
    gateway_threads: int = Field(2, ge=1, description="Label maps filtered at a time.")
    fusion_url: HttpUrl | None = Field(None, description="Address of the fusion vendor's API.")
    fusion_files_url: HttpUrl | None = Field(None, description="Address of its file server.")
    fusion_user_group: str = Field("APIClient", description="User group, as the vendor issued it.")
    fusion_user_id: str = Field("", description="User id, as the vendor issued it.")
    fusion_token: SecretStr = Field(SecretStr(""), description="Token that runs are charged to.")
    fusion_callback_url: str = Field(
        "", description="Where the vendor reaches the gateway; empty when it cannot: then we poll."
    )
    fusion_ledger_url: SecretStr = Field(
        SecretStr(""), description="Database of paid jobs; empty for SQLite in the data root."
    )
    fusion_runs_per_day: int = Field(20, ge=0, description="Most runs paid for in 24 hours.")
    fusion_runs_per_month: int = Field(200, ge=0, description="Most runs paid for in 30 days.")
    fusion_deadline_s: float = Field(
        7200.0,
        gt=0,
        allow_inf_nan=False,
        description="A job that takes longer is reported as overdue.",
    )
    fusion_most_gb: float = Field(
        16.0,
        gt=0,
        allow_inf_nan=False,
        description="Most that the meshes of one run may have together, in GB.",
    )

    @field_validator("orthanc_url", "dicom_folder", "fusion_url", "fusion_files_url", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("data_root", mode="before")
    @classmethod
    def _empty_is_default(cls, value: object) -> object:
        return "data" if value == "" else value

    @field_validator("data_root", "dicom_folder")
    @classmethod
    def _from_project_root(cls, path: Path | None) -> Path | None:
        return None if path is None else PROJECT_ROOT / path.expanduser()


@lru_cache
def settings() -> Settings:
    """Return the settings of this process.

    Raises:
        SettingError: One of them cannot be understood.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = f"IMAGING_{first['loc'][0]}".upper()
        raise SettingError(name, str(first["msg"])) from None


def project_key(settings: Settings) -> bytes:
    """Return the secret that case ids are made with: the setting, else one kept in the data root.

    The kept one is made at first use. It is created exclusively, so two workers that start together
    agree on it, and readable by its owner only.
    """
    if given := settings.project_key.get_secret_value():
        return given.encode()
    path = settings.data_root / ".project-key"
    # For its owner only: it will hold identified patients. Who shares it, opens it.
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".project-key-{os.getpid()}-{secrets.token_hex(4)}")
    if not path.exists():
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32))
        try:
            os.link(fresh, path)  # atomic, and refuses when another worker was first
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().encode()


def release_key(settings: Settings) -> bytes:
    """Return the secret behind the pseudonyms of every release of this project.

    It is made of the project's, so that pseudonyms match from release to release and have nothing
    in common with case ids.

    Raises:
        SettingError: The project's secret is so short that it can be guessed.
    """
    secret = project_key(settings)
    if len(secret) < _LEAST_RELEASE_KEY:
        name = "IMAGING_PROJECT_KEY"
        msg = f"a release needs a secret of at least {_LEAST_RELEASE_KEY} characters"
        raise SettingError(name, msg)
    return hmac.digest(secret, b"release", "sha256")


def callback_key(settings: Settings) -> bytes:
    """Return the secret that the addresses of callbacks are made with; made of the project's."""
    return hmac.digest(project_key(settings), b"fusion-callback", "sha256")


def case_id(patient_id: str, key: bytes) -> str:
    """Name a patient without naming them: 60 bits of HMAC-SHA256, as `case-` and 12 characters.

    Same key and PatientID, same case id; without the key nobody can try PatientIDs until one fits.
    """
    digest = hmac.new(key, patient_id.encode(), hashlib.sha256).digest()
    return "case-" + "".join(_ALPHABET[byte & 31] for byte in digest[:12])
