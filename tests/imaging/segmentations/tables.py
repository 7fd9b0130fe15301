"""Tables of volumes with known answers."""

from collections.abc import Mapping, Sequence

import pandas as pd

from imaging.segmentations.volumes import CohortVolumes

TYPES = {
    "case_id": "str",
    "volume": "int64",
    "id": "int64",
    "name": "str",
    "organ": "str",
    "ml": "float64",
    "touches_edge": "bool",
}


def volumes(
    ml: Mapping[str, Sequence[float | None]], cut: Mapping[str, set[int]] | None = None
) -> CohortVolumes:
    """A cohort in which patient ``p0``, ``p1`` ... has so many ml of each organ, or none of it."""
    rows = [
        (f"p{patient}", 0, number, organ, organ, size, patient in (cut or {}).get(organ, ()))
        for number, (organ, sizes) in enumerate(ml.items(), start=1)
        for patient, size in enumerate(sizes)
        if size is not None
    ]
    table = pd.DataFrame(rows, columns=list(TYPES)).astype(TYPES)
    patients = max((len(sizes) for sizes in ml.values()), default=0)
    return CohortVolumes(table, tuple((f"p{patient}", 0) for patient in range(patients)))
