"""Whom the objects of one study name: Orthanc itself keeps what came first."""

from itertools import count

import pytest

from imaging.phantoms import PhantomPatient, PhantomSize
from tests.imaging.dicom.instances import write

pytestmark = pytest.mark.orthanc

NUMBERS = count()


@pytest.fixture
def patient():
    """A patient with an RT chain, of whom the server knows nothing yet."""
    number = next(NUMBERS)
    return PhantomPatient.synthetic(
        900 + number, patient_id=f"PEOPLE{number}", size=PhantomSize.tiny()
    )


def only_study(archive, patient_id):
    (row,) = archive.patients([patient_id])
    (study,) = row.studies
    return study


def store(archive, folder, first, *datasets):
    archive.upload([write(first, folder)])
    archive.upload([write(dataset, folder) for dataset in datasets])


@pytest.mark.parametrize("kind", ["rtstruct", "rtplan", "rtdose"])
def test_an_rt_object_of_somebody_else_shows(archive, tmp_path, patient, kind):
    ct = next(iter(patient.ct_images()))
    other = getattr(patient, kind)()
    other.PatientName, other.PatientBirthDate = "Aardvark^Other", "18990101"
    store(archive, tmp_path, ct, other)

    study = only_study(archive, patient.patient_id)

    assert study.patient_name == patient.patient_name
    assert study.patient_names == ("Aardvark^Other", patient.patient_name)
    assert study.patient_birth_dates == ("18990101", patient.study.patient_birth_date)


def test_images_of_somebody_else_show(archive, tmp_path, patient):
    plan = patient.rtplan()
    slices = list(patient.ct_images())
    for dataset in slices:
        dataset.PatientName = "Aardvark^Other"
    store(archive, tmp_path, plan, *slices)

    study = only_study(archive, patient.patient_id)

    assert study.patient_names == ("Aardvark^Other", patient.patient_name)


def test_nobody_named_is_nobody_else(archive, tmp_path, patient):
    plan = patient.rtplan()
    plan.PatientName = plan.PatientBirthDate = ""
    store(archive, tmp_path, next(iter(patient.ct_images())), plan, patient.rtdose())

    study = only_study(archive, patient.patient_id)

    assert study.patient_names == (patient.patient_name,)
    assert study.patient_birth_dates == (patient.study.patient_birth_date,)


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 100", "Müller^Jürgen"),
        ("ISO_IR 192", "山田^太郎"),
        ("GB18030", "王^小东"),
        ("ISO_IR 13", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        (["ISO 2022 IR 13", "ISO 2022 IR 87"], "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"),
        (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
        (["", "ISO 2022 IR 58"], "Wang^XiaoDong=王^小东"),
    ],
)
def test_one_name_in_any_character_set_is_one_name(archive, tmp_path, patient, charset, name):
    ct, struct = next(iter(patient.ct_images())), patient.rtstruct()
    for dataset in (ct, struct):
        dataset.SpecificCharacterSet, dataset.PatientName = charset, name
    store(archive, tmp_path, ct, struct)

    assert len(only_study(archive, patient.patient_id).patient_names) == 1
