"""What a run shows, as a test reads it."""

from typing import Any, cast

from prefect.artifacts import Artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import Artifact as ArtifactRow
from prefect.client.schemas.objects import State

from imaging.cohort import read_manifest


def artifact(key: str) -> Any:
    """The newest artifact of that key; synchronous here, whatever its type says."""
    found = cast("Artifact | None", Artifact.get(key))
    assert found is not None, f"no artifact {key}"
    return found


def by_patient(manifest) -> dict[str, dict[Any, Any]]:
    """The manifest's rows by PatientID."""
    return {row["patient_id"]: row for row in read_manifest(manifest).to_dict("records")}


def artifacts_of(state: State[Any]) -> list[ArtifactRow]:
    """All artifacts of the run that ended with that state."""
    chosen = FlowRunFilter(id=FlowRunFilterId(any_=[state.state_details.flow_run_id]))
    with get_client(sync_client=True) as client:
        return client.read_artifacts(flow_run_filter=chosen)
