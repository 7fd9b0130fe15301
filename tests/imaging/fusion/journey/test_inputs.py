"""What is packed and uploaded: private, of the files that were checked, and not twice."""

import json

import pytest

from imaging.dicom.deidentify import Deidentifier
from imaging.errors import (
    BudgetError,
    InputError,
    RemoteUnavailableError,
)
from imaging.fusion.journey import JobState
from imaging.fusion.place import work_folder
from tests.imaging.fusion.journey.lab import Lab


def test_the_vendor_learns_the_key_the_neutral_name_and_three_files(lab, prepared):
    lab.submit(prepared)

    call = lab.vendor.runs[0].call
    assert call["metadata"] == {"key": prepared.key, "case": "case-1"}
    assert call["input_data"]["upper_jaw_scan"]["type"] == "ply"
    assert set(call["input_data"]) == {"upper_jaw_scan", "lower_jaw_scan", "raw_ct_file", "n"}
    assert "notification" not in call


def test_what_was_packed_is_removed_when_it_is_submitted(lab, prepared):
    lab.submit(prepared)

    assert not work_folder(prepared.key, lab.root).exists()


def test_what_is_packed_is_for_its_owner_only(lab, prepared):
    modes: list[int] = []

    def look(step, _):
        if step == "packed":
            folder = work_folder(prepared.key, lab.root)
            modes.extend(path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir()))

    lab.submit(prepared, progress=look)

    assert modes == [0, 0]


def test_an_old_upload_is_made_again(lab, prepared):
    lab.vendor.plan("run", 429)
    with pytest.raises(RemoteUnavailableError):
        lab.submit(prepared)
    receipt = next(work_folder(prepared.key, lab.root).rglob("uploads.json"))
    urns = json.loads(receipt.read_text())
    urns["raw_ct_file"]["at"] -= 4000
    receipt.write_text(json.dumps(urns))

    lab.submit(prepared)

    assert lab.vendor.counts["put"] == 4


def test_an_upload_that_fails_gives_the_claim_up_at_once(lab, prepared):
    lab.vendor.plan("put", *[503] * 20)

    with pytest.raises(RemoteUnavailableError):
        lab.submit(prepared)

    assert lab.job(prepared.key).state is JobState.REFUSED
    assert lab.vendor.paid == 0


def test_over_budget_nothing_is_packed_or_uploaded(lab, prepared):
    lab.submit(lab.prepare(number=1), connection=lab.with_budget(1))

    with pytest.raises(BudgetError):
        lab.submit(prepared, connection=lab.with_budget(1))

    assert lab.vendor.counts["put"] == 3
    assert lab.vendor.paid == 1


def test_a_scan_that_changed_since_it_was_checked_is_not_sent(tmp_path, patient_files):
    files = patient_files.__class__(tmp_path / "upper.stl", patient_files.lower, patient_files.cbct)
    files.upper.write_bytes(patient_files.upper.read_bytes())
    with Lab(tmp_path / "data", files) as lab:
        prepared = lab.prepare()
        content = bytearray(files.upper.read_bytes())
        content[100] ^= 1
        files.upper.write_bytes(content)

        with pytest.raises(InputError, match="upper scan changed"):
            lab.submit(prepared)

        assert lab.vendor.counts["upload_url"] == 0
        assert not work_folder(prepared.key, lab.root).exists()


def test_an_input_that_vanished_is_refused_without_its_path(tmp_path, patient_files):
    files = patient_files.__class__(
        tmp_path / "DOE^JANE.stl", patient_files.lower, patient_files.cbct
    )
    files.upper.write_bytes(patient_files.upper.read_bytes())
    with Lab(tmp_path / "data", files) as lab:
        prepared = lab.prepare()
        files.upper.unlink()

        with pytest.raises(InputError) as caught:
            lab.submit(prepared)

        assert "DOE" not in str(caught.value) + lab.job(prepared.key).reason


def test_files_packed_with_an_identity_are_not_sent_where_none_was_wanted(lab, prepared):
    lab.vendor.plan("run", 429)
    with pytest.raises(RemoteUnavailableError):
        lab.submit(prepared)

    lab.submit(prepared, deidentifier=Deidentifier(b"k" * 32))

    sent = [path.read_bytes() for path in lab.vendor.uploads if path.suffix == ".zip"]
    assert len(sent) == 2
    assert sent[0] != sent[1]
