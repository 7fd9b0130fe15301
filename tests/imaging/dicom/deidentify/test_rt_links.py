"""Two studies of one patient hang together as before: references, frames, contours, dates."""

from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pydicom
import pytest

from imaging.dicom import read_references
from imaging.dicom.deidentify import Deidentifier
from imaging.phantoms import PhantomPatient, PhantomSize
from imaging.rt import dvhs_of_files
from tests.imaging.dicom.deidentify.conftest import KEY
from tests.imaging.dicom.instances import dicom_bytes

DAYS_BETWEEN = 41
FIRST, SECOND = "20230109", "20230219"
LINKS = ("frame_of_reference_uids", "structure_set_uids", "plan_uids", "series_uids", "image_uids")


class Pair(NamedTuple):
    """An object, and what was made of it."""

    source: Path
    target: Path

    def read(self):
        return pydicom.dcmread(self.source), pydicom.dcmread(self.target)


class Study(NamedTuple):
    """One study's objects."""

    ct: list[Pair]
    rtstruct: Pair
    rtplan: Pair
    rtdose: Pair

    @property
    def rt(self):
        return self.rtstruct, self.rtplan, self.rtdose


def patients():
    """One person, twice: another seed draws another anatomy, and all UIDs with it."""
    for seed, day in ((1, FIRST), (2, SECOND)):
        drawn = PhantomPatient.synthetic(seed, size=PhantomSize.tiny())
        names = [*drawn.roi_names[:-2], "Quillfeather left", "Dose Dr Owl"]
        rois = tuple(replace(roi, name=name) for roi, name in zip(drawn.rois, names, strict=True))
        study = replace(drawn.study, patient_birth_date="19500101", study_date=day)
        yield replace(drawn, study=study, rois=rois)


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    deidentifier = Deidentifier(KEY)
    made = []
    for patient in patients():
        folder = tmp_path_factory.mktemp("study")
        pairs = []
        for source in patient.write(folder / "source"):
            target = folder / "target" / source.name
            assert deidentifier.file(source, target).is_written
            pairs.append(Pair(source, target))
        made.append(Study(pairs[:-3], *pairs[-3:]))
    return made


def test_what_refers_to_what_is_as_before(studies):
    uid = Deidentifier(KEY).uid
    linked = 0
    for study in studies:
        for pair in study.rt:
            before, after = read_references(pair.source), read_references(pair.target)
            for link in LINKS:
                assert getattr(after, link) == tuple(map(uid, getattr(before, link)))
                linked += len(getattr(after, link))

    assert linked > 20


def test_every_reference_finds_its_object(studies):
    for study in studies:
        structures, plan, dose = (read_references(pair.target) for pair in study.rt)
        images = [pydicom.dcmread(pair.target) for pair in study.ct]

        assert plan.structure_set_uids == (structures.sop_instance_uid,)
        assert dose.plan_uids == (plan.sop_instance_uid,)
        assert set(structures.image_uids) == {image.SOPInstanceUID for image in images}
        assert set(structures.series_uids) == {image.SeriesInstanceUID for image in images}
        assert len({image.SeriesInstanceUID for image in images}) == 1
        frames = {image.FrameOfReferenceUID for image in images}
        assert (
            frames == set(structures.frame_of_reference_uids) == set(dose.frame_of_reference_uids)
        )


def test_contours_name_the_images_they_were_drawn_on(studies):
    for study in studies:
        images = {pydicom.dcmread(pair.target).SOPInstanceUID for pair in study.ct}
        drawn = pydicom.dcmread(study.rtstruct.target).ROIContourSequence
        named = {
            image.ReferencedSOPInstanceUID
            for roi in drawn
            for contour in roi.ContourSequence
            for image in contour.get("ContourImageSequence", ())
        }

        assert named <= images


def test_both_studies_are_of_one_patient_and_of_nobody_known(studies):
    made = [pydicom.dcmread(pair.target) for study in studies for pair in (*study.ct, *study.rt)]

    assert len({(one.PatientID, str(one.PatientName), one.PatientBirthDate) for one in made}) == 1
    assert len({one.StudyInstanceUID for one in made}) == 2
    assert "Quill" not in str(made[0].PatientName)


def test_the_days_between_the_studies_stay_and_so_does_the_age(studies):
    first, second = (pydicom.dcmread(study.rtplan.target) for study in studies)
    days = [date.fromisoformat(one.StudyDate) for one in (first, second)]

    assert (days[1] - days[0]).days == DAYS_BETWEEN
    assert first.RTPlanDate == first.StudyDate != FIRST
    born = date.fromisoformat(first.PatientBirthDate)
    assert days[0] - born == date.fromisoformat(FIRST) - date(1950, 1, 1)


def test_numbers_contours_and_colours_of_rois_stay_as_they_are(studies):
    for study in studies:
        before, after = study.rtstruct.read()
        for keyword in ("ROIContourSequence", "StructureSetROISequence"):
            assert len(after[keyword].value) == len(before[keyword].value)
        for old, new in zip(before.ROIContourSequence, after.ROIContourSequence, strict=True):
            assert new.ReferencedROINumber == old.ReferencedROINumber
            assert new.ROIDisplayColor == old.ROIDisplayColor
            for one, other in zip(old.ContourSequence, new.ContourSequence, strict=True):
                assert other.get_item("ContourData").value == one.get_item("ContourData").value


def test_rois_have_the_same_number_and_type_and_only_odd_names_are_others(studies):
    for study in studies:
        before, after = (read_references(path) for path in study.rtstruct)
        renamed = [
            (old, new)
            for (number, old), (other, new) in zip(before.rois, after.rois, strict=True)
            if number == other and old != new
        ]

        assert [old for old, _ in renamed] == ["Quillfeather left", "Dose Dr Owl"]
        assert all(new.startswith("ROI_") for _, new in renamed)
        assert [number for number, _ in after.rois] == [number for number, _ in before.rois]
        assert after.roi_types == before.roi_types


def test_one_roi_name_becomes_the_same_in_both_studies(studies):
    names = [[name for _, name in read_references(study.rtstruct.target).rois] for study in studies]

    assert set(names[0][-2:]) == set(names[1][-2:])


def test_dvhs_are_identical(studies):
    for study in studies:
        before, after = (
            dvhs_of_files(study.rtstruct[i], study.rtdose[i], rtplan=study.rtplan[i])
            for i in (0, 1)
        )

        assert len(after) == len(before) > 2
        for old, new in zip(before, after, strict=True):
            assert new.roi_number == old.roi_number
            np.testing.assert_array_equal(new.dose_gy, old.dose_gy)
            np.testing.assert_array_equal(new.volume_cc, old.volume_cc)


def test_the_planning_systems_own_dvhs_stay(studies):
    for study in studies:
        before, after = study.rtdose.read()
        assert len(before.DVHSequence) > 2
        for old, new in zip(before.DVHSequence, after.DVHSequence, strict=True):
            assert new.DVHData == old.DVHData
            number = new.DVHReferencedROISequence[0].ReferencedROINumber
            assert number == old.DVHReferencedROISequence[0].ReferencedROINumber


def test_doses_images_and_beams_stay_as_they_are(studies):
    for study in studies:
        for pair in (study.rtdose, *study.ct):
            before, after = pair.read()
            assert after.PixelData == before.PixelData
            for keyword in ("DoseGridScaling", "ImagePositionPatient", "PixelSpacing", "Rows"):
                assert after.get(keyword) == before.get(keyword)
        before, after = study.rtplan.read()
        assert len(after.BeamSequence) == len(before.BeamSequence) > 0
        for old, new in zip(before.BeamSequence, after.BeamSequence, strict=True):
            assert new.BeamNumber == old.BeamNumber
            assert len(new.ControlPointSequence) == len(old.ControlPointSequence)
        assert after.FractionGroupSequence == before.FractionGroupSequence


def test_a_dataset_is_not_changed_by_what_is_made_of_it(studies):
    deidentifier = Deidentifier(KEY)
    for pair in (studies[0].ct[0], *studies[0].rt):
        source = pydicom.dcmread(pair.source)
        untouched = dicom_bytes(pydicom.dcmread(pair.source))

        deidentifier.dataset(source)

        assert dicom_bytes(source) == untouched


def test_a_dataset_gives_the_bytes_that_its_file_gives(studies):
    deidentifier = Deidentifier(KEY)
    for pair in (studies[0].ct[0], *studies[0].rt):
        content = BytesIO()
        made = deidentifier.dataset(pydicom.dcmread(pair.source))
        pydicom.dcmwrite(content, made)

        assert pydicom.dcmread(BytesIO(content.getvalue())) == pydicom.dcmread(pair.target)
