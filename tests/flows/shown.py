"""What a run shows, as a test reads it."""

from typing import Any, cast

from prefect.artifacts import Artifact

from imaging.cohort import read_manifest


def artifact(key: str) -> Any:
    """The newest artifact of that key; synchronous here, whatever its type says."""
    found = cast("Artifact | None", Artifact.get(key))
    assert found is not None, f"no artifact {key}"
    return found


def by_patient(manifest) -> dict[str, dict[Any, Any]]:
    """The manifest's rows by PatientID."""
    return {row["patient_id"]: row for row in read_manifest(manifest).to_dict("records")}
