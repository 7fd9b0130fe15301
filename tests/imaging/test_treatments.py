"""Files and folders that a DVH calculation is given."""

import shutil
from pathlib import Path

import pytest

from imaging.cohort import CohortBusyError
from imaging.errors import InputError
from imaging.phantoms import DoseEncoding, PhantomPatient, PhantomSize, write_datasets
from imaging.treatments import treatments_of


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One patient's RTSTRUCT, RTPLAN, the doses of two beams, and a file that is another thing."""
    patient = PhantomPatient.synthetic(5, size=PhantomSize.tiny())
    beams = [
        patient.rtdose(DoseEncoding(summation_type="BEAM", beam_number=n, role=f"beam {n}"))
        for n in (1, 2)
    ]
    folder = tmp_path_factory.mktemp("made")
    names = ("struct", "plan", "beam1", "beam2")
    datasets = [patient.rtstruct(), patient.rtplan(), *beams]
    for name, dataset in zip(names, datasets, strict=True):
        write_datasets([dataset], folder / name)[0].rename(folder / f"{name}.dcm")
        shutil.rmtree(folder / name)
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (folder / "._beam1.dcm").write_bytes((folder / "beam1.dcm").read_bytes())
    (folder / "notes.txt").write_text("exported on a Monday")
    (folder / "empty").write_bytes(b"")
    return folder


@pytest.fixture
def export(made, tmp_path):
    return shutil.copytree(made, tmp_path / "export")


def found(root, *files, manifest=None):
    return treatments_of(manifest, files, root, include_review=False)


def names_of(paths):
    return [path.name for path in paths]


def test_one_folder_of_an_export_is_all_that_is_given(export, tmp_path):
    (case,) = found(tmp_path, Path("export"), Path("export"), Path("export")).cases

    assert case.rtstruct == export / "struct.dcm"
    assert names_of(case.rtdoses) == ["beam1.dcm", "beam2.dcm"]
    assert names_of(case.rtplans) == ["plan.dcm"]


@pytest.mark.parametrize("manifest", [None, ""])
def test_an_empty_field_of_the_form_is_not_given(export, tmp_path, manifest):
    (case,) = found(
        tmp_path, export / "struct.dcm", export / "beam1.dcm", Path(), manifest=manifest
    ).cases

    assert names_of(case.rtdoses) == ["beam1.dcm"]
    assert case.rtplans == ()


@pytest.mark.parametrize(
    "files", [(None, None, None), (Path(), Path(), Path()), (Path("a"), Path(), None)]
)
def test_without_manifest_and_files_there_is_nothing_to_do(tmp_path, files):
    with pytest.raises(InputError, match="give a manifest, or both"):
        found(tmp_path, *files, manifest="")


def test_empty_files_beside_a_manifest_leave_the_manifest(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        found(tmp_path, Path(), Path(), Path(), manifest="nowhere")
    with pytest.raises(InputError, match="not both"):
        found(tmp_path, None, None, Path("plan.dcm"), manifest="nowhere")


def test_a_folder_without_what_is_wanted_says_so(export, tmp_path):
    (export / "plan.dcm").unlink()
    with pytest.raises(InputError, match="none of the 5 files in the folder export is an RTPLAN"):
        found(tmp_path, export, export, export)


def test_a_folder_of_two_structure_sets_is_no_choice(export, tmp_path):
    shutil.copy(export / "struct.dcm", export / "struct2.dcm")
    with pytest.raises(InputError, match="export holds 2 RTSTRUCTs; give the path of one"):
        found(tmp_path, export, export, None)


def test_a_dose_that_was_cut_short_is_not_overlooked(export, tmp_path):
    whole = (export / "beam2.dcm").read_bytes()
    (export / "beam2.dcm").write_bytes(whole[: len(whole) // 2])
    (case,) = found(tmp_path, export, export, None).cases

    assert names_of(case.rtdoses) == ["beam1.dcm", "beam2.dcm"]


def test_results_are_of_one_run_at_a_time(export, tmp_path):
    one, other = (found(tmp_path, export, export, None) for _ in range(2))
    with one.locked(), pytest.raises(CohortBusyError, match="start this one after"), other.locked():
        pass
    with other.locked():
        pass
