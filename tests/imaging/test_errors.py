"""An error crosses processes as itself: Prefect pickles what a task raised."""

import pickle

import pytest

from imaging.errors import DicomError, InstanceGoneError, RemoteUnavailableError, SettingError


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (SettingError("IMAGING_X", "no answer"), "no answer. Mend the setting IMAGING_X."),
        (DicomError("1.2", "cut short"), "1.2: cut short"),
        (InstanceGoneError(["1.2", "1.3"]), "2 instances are gone from the archive, first 1.2"),
        (RemoteUnavailableError("lost"), "lost"),
    ],
)
def test_an_error_survives_pickling_with_its_words(error, text):
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert type(again) is type(error)
    assert str(again) == str(error) == text
    assert vars(again) == vars(error)
