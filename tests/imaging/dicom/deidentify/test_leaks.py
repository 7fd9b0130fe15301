"""Nothing of what the profile names is left in a file, in any place and any encoding."""

import pydicom
import pytest
from pydicom.datadict import dictionary_VR
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
)

from imaging.dicom.deidentify import Deidentifier
from tests.imaging.dicom.deidentify.conftest import KEY
from tests.imaging.dicom.deidentify.e11_rows import PROFILE, column
from tests.imaging.dicom.deidentify.stuffing import (
    PLACES,
    Stuffing,
    survivors,
    values_of,
)

SYNTAXES = [
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    JPEGLSLossless,
]
FIRST_GROUP = 8  # of a data set that is no directory
DATES = {"DA", "TM", "DT"}
# Rows that the table maps whatever is retained: a signature's UID, and one within a report.
ALWAYS_MAPPED = {tag for tag, action in PROFILE.items() if action == "U"} - column("uid=K")


class Stuffed:
    """A stuffed file, and what is left of it."""

    def __init__(self, folder, syntax):
        self.stuffing = Stuffing()
        self.content = self.stuffing.file(syntax)
        self._source, self._target = folder / "source.dcm", folder / "target.dcm"
        self._source.write_bytes(self.content)

    def values(self):
        return set(values_of(pydicom.dcmread(self._target)))

    def left(self, **options):
        Deidentifier(KEY, hold_back_pixels=False, **options).file(self._source, self._target)
        return survivors(self._target.read_bytes(), self.stuffing.sentinels)


@pytest.fixture(scope="module", params=SYNTAXES, ids=lambda syntax: syntax.keyword)
def stuffed(request, tmp_path_factory):
    return Stuffed(tmp_path_factory.mktemp("stuffed"), request.param)


@pytest.fixture(scope="module")
def explicit(tmp_path_factory):
    return Stuffed(tmp_path_factory.mktemp("stuffed"), ExplicitVRLittleEndian)


def rows(left):
    """The rows that are left, when what is left of each is left in all its places alike."""
    found = {sentinel.tag for sentinel in left}
    assert {(sentinel.tag, sentinel.place) for sentinel in left} == {
        (tag, place) for tag in found for place in PLACES
    }
    return found


def undated(tags):
    return {tag for tag in tags if dictionary_VR(tag) not in DATES}


def test_the_search_finds_every_sentinel_of_a_file_that_is_as_it_was(stuffed):
    sentinels = stuffed.stuffing.sentinels

    found = survivors(stuffed.content, sentinels)

    # Without a VR, numbers in a private sequence are but bytes.
    assert not [one for one in set(sentinels) - found if one.needles or one.place in PLACES]
    assert {one.tag for one in found} >= {tag for tag in PROFILE if tag >> 16 >= FIRST_GROUP}


def test_nothing_is_left_under_the_default_options(stuffed):
    assert stuffed.left() == set()


def test_nothing_is_left_where_dates_go_too(stuffed):
    assert stuffed.left(retain_longitudinal_intervals=False) == set()


def test_nothing_is_left_of_what_a_ct_volume_needs(stuffed):
    assert stuffed.left(attributes="ct_volume") == set()


@pytest.mark.parametrize(
    ("option", "columns"),
    [
        ("retain_device_identity", ["dev=K"]),
        ("retain_patient_characteristics", ["pat=K"]),
        ("retain_uids", ["uid=K"]),
    ],
)
def test_an_option_keeps_what_its_column_names_and_nothing_else(explicit, option, columns):
    named = set().union(*map(column, columns))

    left = rows(explicit.left(**{option: True}))

    assert left == {tag for tag in undated(named) if tag >> 16 >= FIRST_GROUP}


def test_uids_that_no_column_names_are_mapped_under_every_option(explicit):
    assert not rows(explicit.left(retain_uids=True)) & ALWAYS_MAPPED


def test_cleaning_descriptions_keeps_nothing_that_is_in_no_vocabulary(explicit):
    left = rows(explicit.left(clean_descriptors=True))

    # Codes within sequences: meanings of a scheme, which the cleaning goes through.
    assert {dictionary_VR(tag) for tag in left} <= {"SQ"}
    assert left <= column("desc=C")


def test_cleaning_structured_content_keeps_codes_of_its_column_only(explicit):
    assert rows(explicit.left(clean_structured_content=True)) == column("struct=C")


def test_times_of_day_are_kept_of_those_attributes_only_whose_column_lets_them(explicit):
    left = explicit.left(retain_times_of_day=True)

    assert {one.place for one in left} <= PLACES
    assert {one.tag for one in left} == {
        tag for tag in column("mod=C") if dictionary_VR(tag) in {"TM", "DT"}
    }
    days = {str(one.value)[:8] for one in explicit.stuffing.sentinels}
    dates = {day for day in days if day.isdigit() and day < "1935"}
    assert len(dates) > 500
    assert not dates & {str(value)[:8] for value in explicit.values()}


def test_an_option_that_keeps_all_keeps_no_more_than_all_columns(explicit):
    options = (
        "retain_device_identity retain_patient_characteristics retain_uids clean_descriptors"
        " clean_structured_content retain_times_of_day"
    )
    named = set().union(*map(column, ("dev=K", "pat=K", "uid=K", "desc=C", "struct=C", "mod=C")))

    left = explicit.left(**dict.fromkeys(options.split(), True))

    assert {one.tag for one in left} <= named
    assert {one.place for one in left} <= PLACES
