"""Settings from the environment, and the secret behind the case ids."""

import stat
import threading

import pytest

from imaging.errors import SettingError
from imaging.settings import PROJECT_ROOT, Settings, case_id, project_key, settings


@pytest.fixture
def environment(monkeypatch):
    def change(**values):
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()

    yield change
    settings.cache_clear()


def test_relative_paths_count_from_the_project(environment):
    environment(IMAGING_DATA_ROOT="results", IMAGING_DICOM_FOLDER="/mnt/dicom")

    assert settings().data_root == PROJECT_ROOT / "results"
    assert str(settings().dicom_folder) == "/mnt/dicom"


def test_empty_is_unset(environment):
    environment(IMAGING_DATA_ROOT="", IMAGING_ORTHANC_URL="", IMAGING_DICOM_FOLDER="")

    assert settings().data_root == PROJECT_ROOT / "data"
    assert settings().orthanc_url is None
    assert settings().dicom_folder is None


def test_a_wrong_value_is_refused_by_name_and_not_repeated(environment):
    environment(IMAGING_ORTHANC_URL="http//user:hunter2@host")

    with pytest.raises(SettingError, match="IMAGING_ORTHANC_URL") as caught:
        settings()
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("name", ["TIMEOUT_S", "FUSION_DEADLINE_S", "FUSION_MOST_GB"])
def test_a_limit_that_is_none_is_refused(environment, name):
    environment(**{f"IMAGING_{name}": "inf"})

    with pytest.raises(SettingError, match=f"IMAGING_{name}"):
        settings()


def test_the_key_is_made_once_whoever_comes_first(tmp_path):
    place = Settings(data_root=tmp_path / "data")
    keys: list[bytes] = []
    threads = [threading.Thread(target=lambda: keys.append(project_key(place))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(keys)) == 1
    assert len(keys[0]) >= 32
    assert stat.S_IMODE((tmp_path / "data" / ".project-key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_case_ids_differ_by_patient_and_by_key():
    ids = {case_id(patient, key) for patient in ("A", "a", " A", "山田") for key in (b"1", b"2")}

    assert len(ids) == 8
    assert all(len(name) == len("case-") + 12 for name in ids)
