"""A cohort extracted by plain functions, in the steps and order of the flow extract-cohort."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import Reachable, open_archive
from imaging.cohort import (
    CohortFolder,
    CohortSpecification,
    CohortSummary,
    Extraction,
    Outcome,
    Outputs,
    PatientSelection,
    choose,
    decide_batch,
    in_groups,
    prepare_group,
    publish,
    retrieve_group,
)

FEW = Outputs(label_map=False, pictures=False, dvh=False)
EVERY = Outputs(dose_on_image=True, dvh=False)  # DVHs are measured by themselves
OUTPUTS = {"few": FEW, "every": EVERY}

_KEY = b"benchmark"


@dataclass(frozen=True, slots=True)
class Judged:
    """How far a cohort has come when everyone is judged.

    Attributes:
        batches: The PatientIDs, as they were judged together.
        notes: Of the patients to retrieve.
    """

    batches: list[list[str]]
    notes: list[Path]

    @property
    def groups(self) -> list[list[Path]]:
        """The patients to retrieve, as they will be together."""
        return in_groups(self.notes)

    @property
    def task_runs(self) -> int:
        """How many the flow would make: a batch is one, a group is retrieved and prepared.

        Four more choose, publish, report and check.
        """
        return len(self.batches) + 2 * len(self.groups) + 4


def run_in(folder: Path, outputs: Outputs = FEW, run_id: str = "run") -> Extraction:
    """Describe an extraction into ``folder``."""
    return Extraction(CohortFolder(folder), CohortSpecification(outputs=outputs), run_id, _KEY)


def judge(server: Reachable, run: Extraction) -> Judged:
    """Choose everyone, and decide on them; each step has an archive of its own, as in a task."""
    with open_archive(server) as archive:
        batches = choose(archive, PatientSelection(), run.cohort.root, run)
    notes: list[Path] = []
    for batch in batches:
        with open_archive(server, known=True) as archive:
            notes += decide_batch(archive, batch, run)
    return Judged(batches, notes)


def extract(server: Reachable, run: Extraction) -> CohortSummary:
    """Extract everyone.

    Raises:
        RuntimeError: A patient does not proceed: then less was done than is measured.
    """
    judged = judge(server, run)
    for group in judged.groups:
        with open_archive(server, known=True) as archive:
            retrieve_group(archive, group, run.cohort, run.specification.dose)
    for group in judged.groups:
        prepare_group(group, run.cohort, run.specification)
    summary = publish([id_ for batch in judged.batches for id_ in batch], run)
    if summary.count(Outcome.PROCEED) < len(summary.table):
        raise RuntimeError(summary.in_words)
    return summary
