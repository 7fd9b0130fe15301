"""DVHs kept on disk: read back as they were, or not at all."""

from dataclasses import replace

import numpy as np
import pytest

from imaging.rt import DVH, CaseDVHs, PlanContext, StoredCase, load_case
from imaging.rt.cases.store import clear_case, store_case
from imaging.rt.planned.stored import PlannedDvh, PlannedDvhs

RAMP = DVH(
    roi_number=3,
    roi_name="PTV",
    volume_cc=10.0,
    dose_gy=np.linspace(0, 50, 11),
    cumulative_cc=np.linspace(10, 0, 11),
    min_gy=0.0,
    max_gy=50.0,
    mean_gy=25.0,
    outside_cc=0.5,
    flags=("UNEVEN_PLANES",),
)
STORED = StoredCase(
    "key",
    CaseDVHs("case-1", (RAMP, DVH.empty(4, "Nothing")), PlanContext(prescription_gy=50.0)),
    {3: "#ff0000"},
)


def test_what_was_stored_comes_back(tmp_path):
    store_case(tmp_path, STORED)
    found = load_case(tmp_path)

    assert found is not None
    assert (found.key, found.colours) == ("key", {3: "#ff0000"})
    assert found.case.plan.prescription_gy == 50.0
    ptv, nothing = found.case.dvhs
    assert ptv.roi_name == "PTV"
    assert ptv.flags == ("UNEVEN_PLANES",)
    assert ptv.outside_cc == 0.5
    assert np.array_equal(ptv.dose_gy, RAMP.dose_gy)
    assert np.array_equal(ptv.cumulative_cc, RAMP.cumulative_cc)
    assert nothing.is_empty


@pytest.mark.parametrize("name", ["case.json", "curves.parquet", "body.parquet", "planned.parquet"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"\x00garbage"])
def test_what_is_broken_is_as_if_it_were_not_there(tmp_path, name, content):
    store_case(tmp_path, STORED)
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)

    assert load_case(tmp_path) is None


def test_a_rewrite_that_is_killed_leaves_no_result(tmp_path, monkeypatch):
    store_case(tmp_path, STORED)

    def killed(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr("imaging.rt.cases.store.write_json", killed)
    with pytest.raises(KeyboardInterrupt):
        store_case(tmp_path, STORED)

    assert load_case(tmp_path) is None


def test_what_is_cleared_is_gone(tmp_path):
    store_case(tmp_path, STORED)
    (tmp_path / "notes.txt").touch()
    clear_case(tmp_path)

    assert load_case(tmp_path) is None
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_two_curves_of_one_roi_come_back_as_two(tmp_path):
    curves = [
        PlannedDvh(3, np.array([0.0, last_gy]), np.array([100.0, 0.0]), 10.0, 0.5)
        for last_gy in (50.0, 60.0)
    ]
    store_case(tmp_path, replace(STORED, planned=PlannedDvhs(tuple(curves), ("one",), "1.2")))

    found = load_case(tmp_path)

    assert found is not None
    planned = found.planned
    assert [curve.dose_gy.tolist() for curve in planned.curves] == [[0, 50], [0, 60]]
    assert (planned.left_out, planned.structure_set_uid) == (("one",), "1.2")


def test_a_body_that_was_not_asked_for_comes_back_for_the_metrics_only(tmp_path):
    body = replace(RAMP, roi_number=9, roi_name="Outer")
    store_case(tmp_path, replace(STORED, unasked=(body,), external=(9,)))

    found = load_case(tmp_path)

    assert found is not None
    assert found.case.plan.body is found.unasked[0]
    assert [dvh.roi_number for dvh in found.case.dvhs] == [3, 4]
    assert found.unasked[0].cumulative_cc == pytest.approx(RAMP.cumulative_cc)
