"""Label maps and cohorts that tests lay out on disk."""

from pathlib import Path

import numpy as np
import pandas as pd

from imaging.labels.dictionaries import LabelDictionary, described
from imaging.settings import Settings
from tests.imaging.labels.phantoms import Nifti, organs, write

GOOD = Nifti()
LABELS = organs()
NAMES = LabelDictionary(
    (
        described(1, "rib_left_1"),
        described(5, "rib_left_2", color=(250, 10, 10)),
        described(7, "rib_right_1"),
        described(11, "liver", color=(10, 250, 10)),
        described(12, "spleen", color=(10, 10, 250)),
    )
)


def settings_of(data_root: Path, *, show_patient_ids: bool = False) -> Settings:
    """Settings that no environment has a say in, but for the key."""
    return Settings(
        data_root=data_root,
        show_patient_ids=show_patient_ids,
        gateway_url="https://scans.test/",
    )


def label_map(path: Path, labels: np.ndarray = LABELS) -> Path:
    """A small label map of the given labels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return write(path, GOOD.but(stored=labels.astype("<u1")).content())


def cohort(root: Path, *case_ids: str, outcome: str = "PROCEED") -> Path:
    """A cohort of cases with a label map and a CT each, and of a patient who is in none."""
    rows = []
    for case in case_ids:
        folder = root / "patients" / case / "nifti"
        label_map(folder / "labels.nii.gz")
        write(folder / "CT.nii.gz", GOOD.but(stored=LABELS.astype("<i2")).content())
        rows.append({"case_id": case, "outcome": outcome, "folder": str(folder.parent)})
    rows.append({"case_id": "case-excluded", "outcome": "EXCLUDE", "folder": ""})
    table = pd.DataFrame(rows).assign(codes="", rtstruct_file="", rtdose_files="", patient_id="Doe")
    table.to_parquet(root / "manifest.parquet")
    table.to_csv(root / "manifest.csv", index=False)
    return root / "manifest.parquet"
