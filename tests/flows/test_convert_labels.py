"""Conversions through the flow: what is written, what is shown, and what is not said."""

import json
from typing import Any

import anyio
import numpy as np
import pytest

from flows.convert_labels import convert_labels
from imaging.phantoms import PhantomPatient, PhantomSize, write_datasets
from imaging.settings import settings
from tests.flows.said import everything_said
from tests.flows.shown import artifact
from tests.imaging.conversions.maps import read

NAME, NUMBER = "Zebulon^Quartermain", "MRN-7741"


@pytest.mark.usefixtures("place")
def test_a_structure_set_becomes_labels_and_a_seg_of_the_same_voxels(tmp_path):
    patient = PhantomPatient.synthetic(
        5, patient_id=NUMBER, patient_name=NAME, size=PhantomSize.tiny()
    )
    write_datasets([*patient.ct_images(), patient.rtstruct()], tmp_path / "in")
    (rtstruct,) = (tmp_path / "in").rglob("RTSTRUCT/*.dcm")
    images = tmp_path / "in"

    labels = convert_labels(rtstruct, "nifti", images=images, labels=("Lung_*", "Heart"))
    numbers: dict[str, Any] = {"labels": (2, "3-4")}  # as people give them
    seg = convert_labels(labels, "dicom-seg", images=images, **numbers)
    state = convert_labels(seg, "nifti", images=images, output="back.nii.gz", return_state=True)

    assert labels.is_relative_to(settings().data_root / "conversions")
    np.testing.assert_array_equal(read(settings().data_root / "back.nii.gz")[0], read(labels)[0])
    table = artifact(f"conversion-nifti-{labels.parent.name}")
    rows = json.loads(table.data)
    assert [row["name"] for row in rows] == ["Heart", "Lung_L", "Lung_R"]
    assert all(row["voxels"] > 0 for row in rows)
    assert f"conversions/{labels.parent.name} below the data root" in table.description
    said = anyio.run(everything_said, state.state_details.flow_run_id)
    for text in (said, table.data, table.description):
        assert "Quartermain" not in text
        assert NUMBER not in text
