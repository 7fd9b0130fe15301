"""DVHs kept on disk: read back as they were, or not at all."""

import numpy as np
import pytest

from imaging.rt import DVH, CaseDVHs, PlanContext, StoredCase, load_case
from imaging.rt.cases.store import clear_case, store_case

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


@pytest.mark.parametrize("name", ["case.json", "curves.parquet"])
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
    clear_case(tmp_path)

    assert load_case(tmp_path) is None
