"""The whole flow: from folders and real Orthancs to a release that holds nobody's name."""

import errno
import re
import shutil

import anyio
import pydicom
import pytest

from flows.deidentify_dicom import deidentify_dicom
from flows.extract_cohort import extract_cohort
from imaging.cohort import CohortSpecification, Outputs, read_manifest
from imaging.dicom.audit import audit
from imaging.dicom.crosswalk import read
from imaging.dicom.deidentify import DeidentifyOptions
from imaging.errors import InputError, SettingError
from imaging.release import ReleaseBusyError, ReleaseFailedError
from imaging.settings import settings
from tasks.connections import DicomFolder
from tests.flows.releases import ONE, dicom_files, folders, plant_an_original
from tests.flows.said import everything_said
from tests.flows.shown import artifact

PASSPHRASE = "correct horse battery staple"  # noqa: S105 - of a test
# Of one patient: after all births and before all studies, which are shifted into the past by up to
# ten years, so that nobody's shifted date is this one.
BORN = "20050417"
UID = re.compile(rb"2\.25\.[0-9]+")  # a number so long that it may hold any date
PLAIN = CohortSpecification(outputs=Outputs(dvh=False))


def test_a_folder_becomes_a_release(place, phantoms):
    place(dicom_folder=phantoms[0])
    root = deidentify_dicom("whole")

    assert root == folders("whole").data
    files = dicom_files(root)
    assert len(files) == len(dicom_files(phantoms[0]))
    assert audit(root, phantoms[0]).findings == ()
    assert not folders("whole").staging.exists()
    report = artifact("release-whole").data
    assert "**10 patients, 0 of them not complete; 295 objects released" in report
    assert f"Audit: nothing found in {len(files)} files" in report
    assert "| UID mapped |" in report
    table = artifact("released-patients-whole").data
    assert all(path.name in table for path in root.iterdir())
    assert artifact("deidentifying-whole").data == 100.0


def test_held_back_and_refused_are_told_with_what_to_do(place, phantoms, tmp_path):
    archive = shutil.copytree(phantoms[0], tmp_path / "archive")
    slices = dicom_files(archive / "SUB002" / "CT")
    slices[3].write_bytes(slices[3].read_bytes()[:-700])
    dataset = pydicom.dcmread(slices[5])
    dataset.BurnedInAnnotation = "YES"
    dataset.save_as(slices[5])
    place(dicom_folder=archive)
    deidentify_dicom("some")

    report = artifact("release-some").data
    assert "293 objects released, 1 held back, 1 refused" in report
    assert "| it says that annotation is burned into its pixels | 1 |" in report
    assert "cut short" in report
    assert str(folders("some").held_back_table) in report
    assert "reviewed_series" in report
    assert len(dicom_files(folders("some").held_back)) == 1


def test_too_many_failures_fail_the_run(place, phantoms, tmp_path):
    archive = shutil.copytree(phantoms[0] / "SUB001", tmp_path / "archive")
    victim = dicom_files(archive)[0]
    victim.write_bytes(victim.read_bytes()[:-700])
    place(dicom_folder=archive)

    with pytest.raises(ReleaseFailedError, match="1 of 1"):
        deidentify_dicom("lost")
    assert len(dicom_files(folders("lost").data)) == 26


def test_a_release_with_something_in_it_is_a_failure(place, phantoms):
    place(dicom_folder=phantoms[0])
    plant_an_original("foreign", phantoms)

    with pytest.raises(ReleaseFailedError, match="must not leave"):
        deidentify_dicom("foreign", patients=ONE)
    assert "this must not leave" in artifact("release-foreign").data


def test_a_crosswalk_is_written_only_when_asked_for(place, phantoms):
    place(dicom_folder=phantoms[0], crosswalk_key=PASSPHRASE)
    deidentify_dicom("crossed", patients=ONE)
    assert not folders("crossed").crosswalk.exists()
    deidentify_dicom("crossed", patients=ONE, crosswalk=True)

    rows = read(folders("crossed").crosswalk, PASSPHRASE)
    (patient,) = [row for row in rows if row.kind == "patient"]
    assert patient.original == "SUB001"
    assert [path.name for path in folders("crossed").data.iterdir()] == [patient.pseudonym]
    assert str(folders("crossed").crosswalk) in artifact("release-crossed").data


def test_a_crosswalk_that_fails_leaves_the_report_and_fails_the_run(place, phantoms, tmp_path):
    place(dicom_folder=phantoms[0], crosswalk_key=PASSPHRASE)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "crosswalks").touch()  # where its folder would be

    with pytest.raises(ReleaseFailedError, match="crosswalk could not be written"):
        deidentify_dicom("uncrossed", patients=ONE, crosswalk=True)
    report = artifact("release-uncrossed").data
    assert "27 objects released" in report
    assert "crosswalk could not be written" in report
    assert "Who became whom" not in report


def test_an_original_that_cannot_be_read_is_not_named_by_the_crosswalk(
    place, phantoms, tmp_path, monkeypatch
):
    archive = shutil.copytree(phantoms[0] / "SUB001", tmp_path / "DOE_JOHN_1950")
    place(dicom_folder=archive, crosswalk_key=PASSPHRASE)
    deidentify_dicom("denied")
    copyfile = shutil.copyfile

    def deny(source, target):
        if "DOE_JOHN" in str(source):
            raise PermissionError(errno.EACCES, "Permission denied", str(source))
        return copyfile(source, target)

    monkeypatch.setattr(shutil, "copyfile", deny)
    state = deidentify_dicom("denied", crosswalk=True, return_state=True)

    said = anyio.run(everything_said, state.state_details.flow_run_id)
    assert state.is_completed()
    assert "DOE_JOHN" not in said.replace(str(archive), "")
    rows = read(folders("denied").crosswalk, PASSPHRASE)
    assert {row.kind for row in rows} == {"patient", "study", "series"}


def test_what_is_missing_is_told_before_anything_is_fetched(place, phantoms):
    place(dicom_folder=phantoms[0])
    with pytest.raises(SettingError, match="IMAGING_CROSSWALK_KEY"):
        deidentify_dicom("early", crosswalk=True)
    with pytest.raises(SettingError, match="folder"):
        deidentify_dicom("early", destination="default")
    with pytest.raises(SettingError, match="destination"):
        deidentify_dicom("early", destination="orthanc-server/nobody")
    place(project_key="short")
    with pytest.raises(SettingError, match="IMAGING_PROJECT_KEY"):
        deidentify_dicom("early")

    with pytest.raises(SettingError, match="IMAGING_PROJECT_KEY"):
        extract_cohort("early", deidentify=DeidentifyOptions())

    assert not folders("early").data.exists()
    assert not (settings().data_root / "cohorts").exists()


def test_a_cohort_whose_release_cannot_be_made_fails_before_anything_is_fetched(place, phantoms):
    place(dicom_folder=phantoms[0])
    deidentify_dicom("early", patients=ONE)

    with pytest.raises(InputError, match="something else"):
        extract_cohort("early", deidentify=DeidentifyOptions())
    with folders("busy").at_work(), pytest.raises(ReleaseBusyError):
        extract_cohort("busy", deidentify=DeidentifyOptions())
    with pytest.raises(InputError, match="without `deidentify`"):
        extract_cohort("early", reviewed_series=("2.25.1",))
    with pytest.raises(InputError, match="reviewed"):
        extract_cohort("new", deidentify=DeidentifyOptions(), reviewed_series=("2.25.1",))
    assert not (settings().data_root / "cohorts").exists()


def test_what_was_held_back_of_a_cohort_is_released_by_a_review(place, phantoms, tmp_path):
    archive = shutil.copytree(phantoms[0] / "SUB001", tmp_path / "archive")
    plan = dicom_files(archive / "RTPLAN")[0]
    dataset = pydicom.dcmread(plan)
    dataset.BurnedInAnnotation = "YES"
    dataset.save_as(plan)
    place(dicom_folder=archive)
    extract_cohort("seen", specification=PLAIN, deidentify=DeidentifyOptions())
    assert "`reviewed_series`" in artifact("release-seen").data
    series = folders("seen").held_back_table.read_text().splitlines()[1].split(",")[0]

    extract_cohort(
        "seen", specification=PLAIN, deidentify=DeidentifyOptions(), reviewed_series=(series,)
    )
    assert "0 held back" in artifact("release-seen").data
    assert len(list(folders("seen").data.rglob(f"RTPLAN-{series}/*.dcm"))) == 1


def test_the_cases_of_a_cohort_are_released_by_the_way(place, phantoms):
    place(dicom_folder=phantoms[0])
    manifest = extract_cohort("trial", specification=PLAIN, deidentify=DeidentifyOptions())

    table = read_manifest(manifest)
    proceeding = table[table["outcome"] == "PROCEED"]
    root = folders("trial").data
    assert 1 < len(list(root.iterdir())) == len(proceeding)
    assert audit(root, phantoms[0]).findings == ()
    assert f"**{len(proceeding)} patients, 0 of them" in artifact("release-trial").data


def test_a_cohort_is_not_released_unless_asked_for(place, phantoms):
    place(dicom_folder=phantoms[0])
    extract_cohort("kept", patients=ONE, specification=PLAIN)

    assert not folders("kept").data.exists()
    assert not folders("kept").records.exists()


def test_no_patient_is_named_in_what_leaves_nor_in_what_prefect_holds(
    place, phantoms, tmp_path, caplog
):
    archive = shutil.copytree(phantoms[0], tmp_path / "archive")
    planted = {"PatientName": "Featherstonehaugh^Zebedee", "PatientBirthDate": BORN}
    planted |= {"AccessionNumber": "ACC-90210", "ReferringPhysicianName": "Witherspoon^Agatha"}
    for number, path in enumerate(dicom_files(archive / "SUB002")):
        dataset = pydicom.dcmread(path)
        for keyword, value in planted.items():
            setattr(dataset, keyword, value)
        dataset.StudyDescription = "Featherstonehaugh, Zebedee"
        if number == 4:
            dataset.BurnedInAnnotation = "YES"
        dataset.save_as(path)
    next((archive / "SUB004" / "RTPLAN").iterdir()).write_bytes(b"\0" * 128 + b"DICMgarbage")
    place(dicom_folder=archive, crosswalk_key=PASSPHRASE)
    state = deidentify_dicom("private", crosswalk=True, return_state=True)

    said = anyio.run(everything_said, state.state_details.flow_run_id) + caplog.text
    assert "patients chosen of" in said  # our own log lines came through, and are searched
    secrets = {"Featherstonehaugh", "Zebedee", "ACC-90210", "Witherspoon", "SUB00"}
    secrets |= {each.phantom.patient_name.split("^")[0] for each in phantoms[1].patients}
    secrets |= {pydicom.dcmread(path).StudyInstanceUID for path in dicom_files(archive / "SUB001")}
    assert [secret for secret in (BORN, *secrets) if secret in said] == []
    place_ = folders("private")
    written = [path for root in (place_.data, place_.records) for path in root.rglob("*")]
    assert len([path for path in written if path.is_file()]) > 290
    for path in (path for path in written if path.is_file()):
        content = path.read_bytes()
        assert [secret for secret in secrets if secret.encode() in content] == []
        assert BORN.encode() not in UID.sub(b"", content)
        assert [secret for secret in secrets if secret in str(path.relative_to(tmp_path))] == []


def test_a_folder_can_be_the_archive_by_its_blocks_name(place, phantoms):
    place(dicom_folder=phantoms[0] / "SUB003")
    DicomFolder(path=phantoms[0]).save("originals", overwrite=True)

    root = deidentify_dicom("block", archive="dicom-folder/originals", patients=ONE)
    assert len(dicom_files(root)) == 27
