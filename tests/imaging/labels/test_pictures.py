import itertools
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from imaging.errors import InputError, NiftiError
from imaging.labels.dictionaries import LabelDictionary, described, dictionary_of
from imaging.labels.pictures import label_picture, shrunk
from imaging.labels.pictures.grid import PLANES, grid_of
from imaging.labels.pictures.lettering import fitting, font
from imaging.labels.pictures.sampling import labels_at
from imaging.labels.pictures.survey import survey
from imaging.labels.source import read_head
from tests.imaging.labels.phantoms import Nifti, write

COLORS = {1: (250, 0, 0), 2: (0, 250, 0), 3: (0, 0, 250), 4: (250, 250, 0), 5: (0, 250, 250)}
NAMED = dictionary_of(described(label, f"organ {label}", color=COLORS[label]) for label in COLORS)
UNNAMED = LabelDictionary(())
Picture = NDArray[np.uint8]
PANEL, TOP, GAP = 320, 34, 8
AXIAL, CORONAL, SAGITTAL = 0, 1, 2
LEFT_ARM, NOSE, HEAD = 1, 2, 3  # small boxes to the patient's left, in front, on top; 4 is a trunk


def picture_of(tmp_path, nifti: Nifti, dictionary=NAMED, **asked) -> Picture:
    png = label_picture(write(tmp_path / "in.nii.gz", nifti.content()), dictionary, **asked)
    return np.asarray(Image.open(BytesIO(png)).convert("RGB")).copy()


def panel(picture: Picture, number: int) -> Picture:
    left = GAP + number * (PANEL + GAP)
    return picture[TOP : TOP + PANEL, left : left + PANEL]


def pixels(part: Picture, label: int) -> NDArray[np.intp]:
    """Rows and columns of a label's pixels."""
    return np.argwhere((part == COLORS[label]).all(axis=-1))


def middle(part: Picture, label: int) -> NDArray[np.float64]:
    """Row and column of a label's centre, as parts of the panel."""
    return np.asarray(pixels(part, label).mean(axis=0) / PANEL)


def letters(part: Picture) -> str:
    """Read the letters at the top, the bottom, the left and the right."""
    half = PANEL / 2
    places = [(half, 3, "mt"), (half, PANEL - 4, "mb"), (4, half, "lm"), (PANEL - 5, half, "rm")]
    return "".join(min("RLAPSI?", key=lambda sign: _unlike(part, sign, *at)) for at in places)


def _unlike(part: Picture, sign: str, x: float, y: float, anchor: str) -> float:
    drawn = Image.new("RGB", (PANEL, PANEL))
    ImageDraw.Draw(drawn).text((x, y), sign, (235, 235, 235), font(14), anchor)
    row, column = (int(min(max(at, 12), PANEL - 12)) for at in (y, x))
    around = np.s_[row - 12 : row + 12, column - 12 : column + 12]
    return float(np.abs(part[around].astype(int) - np.asarray(drawn)[around]).sum())


def person() -> np.ndarray:
    """A trunk with three marks, in voxels that run to the right, the front and the head."""
    labels = np.zeros((30, 40, 50), dtype="<u1")
    labels[10:20, 10:30, 10:35] = 4
    labels[3:8, 16:24, 18:26] = LEFT_ARM
    labels[12:18, 32:38, 18:26] = NOSE
    labels[12:18, 16:24, 38:46] = HEAD
    return labels


def lying(labels: np.ndarray, order: tuple[int, ...], turned: tuple[bool, ...]) -> Nifti:
    """The same patient in a file whose axes are others."""
    affine = np.zeros((3, 4))
    stored = labels.transpose(order)
    for axis, (to, is_turned) in enumerate(zip(order, turned, strict=True)):
        affine[to, axis] = -2 if is_turned else 2
        stored = np.flip(stored, axis) if is_turned else stored
    return Nifti(stored=np.asfortranarray(stored), affine=affine)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("turned", [(False, False, False), (True, False, True)])
def test_the_patients_left_is_at_the_right_whatever_the_order_of_the_voxels(
    tmp_path, order, turned
):
    picture = picture_of(tmp_path, lying(person(), order, turned))

    axial, coronal, sagittal = (panel(picture, number) for number in range(3))
    assert middle(axial, LEFT_ARM)[1] > middle(axial, 4)[1] + 0.15
    assert middle(coronal, LEFT_ARM)[1] > middle(coronal, 4)[1] + 0.15
    assert middle(axial, NOSE)[0] < middle(axial, 4)[0] - 0.3
    assert middle(sagittal, NOSE)[1] < middle(sagittal, 4)[1] - 0.3
    assert middle(coronal, HEAD)[0] < middle(coronal, 4)[0] - 0.3
    assert middle(sagittal, HEAD)[0] < middle(sagittal, 4)[0] - 0.3


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("turned", list(itertools.product([False, True], repeat=3)))
def test_every_order_of_the_voxels_gives_the_same_planes(tmp_path, order, turned):
    nifti = lying(person(), order, turned)
    header, _ = read_head(write(tmp_path / "in.nii", nifti.content()))
    grid = grid_of(header)
    spans = ((0, 29), (0, 39), (0, 49))
    middles = (15, 20, 25)

    for plane, size in zip(PLANES, [(30, 40), (30, 50), (40, 50)], strict=True):
        across = grid.directions[plane.across]
        cut = middles[plane.across]
        index = across.count - 1 - cut if turned[across.axis] else cut
        shown = nifti.stored.ravel(order="F")[grid.places(plane, index, spans, size)]
        expected = np.take(person(), cut, axis=plane.across)  # the patient's, which grow
        assert (shown == expected.T[::-1, ::-1]).all()


def test_letters_say_which_side_is_which(tmp_path):
    picture = picture_of(tmp_path, lying(person(), (1, 2, 0), (True, False, True)))

    found = [letters(panel(picture, number)) for number in range(3)]

    assert found == ["APRL", "SIRL", "SIAP"]


def test_a_file_that_does_not_say_how_it_lies_has_no_letters(tmp_path):
    picture = picture_of(tmp_path, Nifti(stored=person(), codes=(0, 0)))

    assert letters(panel(picture, AXIAL)) == "????"


def test_a_file_whose_voxels_have_no_size_is_drawn_all_the_same(tmp_path):
    picture = picture_of(tmp_path, Nifti(stored=person(), affine=np.zeros((3, 4))))

    assert letters(panel(picture, CORONAL)) == "????"
    assert len(pixels(panel(picture, CORONAL), 4))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_thick_slices_keep_their_proportion(tmp_path, order):
    labels = np.zeros((80, 80, 16), dtype="<u1")
    labels[20:60, 20:60, 4:12] = 1  # 40 mm each way
    affine = np.array([[-1.0, 0, 0, 0], [0, -1, 0, 0], [0, 0, 5, 0]])
    stored = np.asfortranarray(labels.transpose(order))

    picture = picture_of(tmp_path, Nifti(stored=stored, affine=affine[:, [*order, 3]]))

    for number in (AXIAL, CORONAL, SAGITTAL):
        rows, columns = np.ptp(pixels(panel(picture, number), 1), axis=0) + 1
        assert rows == pytest.approx(columns, rel=0.02)
        assert rows > 200


def test_planes_go_through_what_is_there_and_not_through_the_middle(tmp_path):
    labels = np.zeros((60, 60, 60), dtype="<u1")
    labels[2:7, 50:55, 40:45] = 1

    found = survey(write(tmp_path / "in.nii", Nifti(stored=labels).content()))

    assert found.best == (4, 52, 42)
    assert found.spans == ((2, 6), (50, 54), (40, 44))


@settings(deadline=None)
@given(arrays(np.uint8, (5, 6, 7), elements=st.integers(0, 3)))
def test_a_survey_counts_and_bounds_what_numpy_does(tmp_path_factory, labels):
    path = tmp_path_factory.mktemp("survey") / "in.nii"

    found = survey(write(path, Nifti(stored=labels).content()))

    ids, counts = np.unique(labels[labels != 0], return_counts=True)
    assert found.voxels == dict(zip(ids.tolist(), counts.tolist(), strict=True))
    for axis, (first, last) in enumerate(found.spans if found.voxels else ()):
        there = np.flatnonzero((labels != 0).any(axis=tuple({0, 1, 2} - {axis})))
        assert (first, last) == (there[0], there[-1])
        parts = np.moveaxis(labels, axis, 0).reshape(labels.shape[axis], -1)
        shown = sum(np.sqrt((parts == label).sum(axis=1)) for label in (1, 2, 3))
        assert shown[found.best[axis]] >= 0.98 * shown.max()


def test_an_axis_longer_than_any_picture_takes_no_memory_and_is_bounded_well(tmp_path):
    labels = np.zeros((40_000, 2, 3), dtype="<u1")
    labels[15_000:15_500, 1, 1] = 7

    found = survey(write(tmp_path / "in.nii.gz", Nifti(stored=labels, version=2).content()))

    assert found.voxels == {7: 500}
    assert found.spans[0] == pytest.approx((15_000, 15_499), abs=40)
    assert 15_000 <= found.best[0] < 15_500


def test_voxels_of_a_picture_are_found_in_whatever_piece_of_the_stream_they_come(tmp_path):
    labels = np.random.default_rng(6).integers(0, 200, (120, 110, 100)).astype("<u2")
    path = write(tmp_path / "in.nii.gz", Nifti(stored=labels).content())
    places = np.random.default_rng(7).integers(0, labels.size, (90, 80))

    (found,) = labels_at(path, [places])

    assert (found == labels.ravel(order="F")[places]).all()


@pytest.mark.parametrize(
    "nifti",
    [
        Nifti(stored=(2 * person() + 10).astype("<i2"), slope=0.5, inter=-5.0),
        Nifti(stored=person().astype(">f4"), order=">"),
        Nifti(stored=np.stack([person(), np.full_like(person(), 5)], axis=-1)),
    ],
    ids=["scaled", "big-endian floats", "the first of two volumes"],
)
def test_labels_have_their_colours_whatever_they_are_stored_as(tmp_path, nifti):
    plain = picture_of(tmp_path, Nifti(stored=person()))

    picture = picture_of(tmp_path, nifti)

    assert (panel(picture, AXIAL) == panel(plain, AXIAL)).all()
    assert not len(pixels(picture, 5))


def test_only_what_has_a_label_covers_the_image(tmp_path):
    labels = person()
    grey = np.zeros(labels.shape, dtype="<i2")
    grey[:, :20] = 100
    image = write(tmp_path / "image.nii.gz", Nifti(stored=grey).content())

    axial = panel(picture_of(tmp_path, Nifti(stored=labels), image=image), AXIAL).astype(int)

    colours = np.unique(axial.reshape(-1, 3), axis=0)
    tinted = colours[np.ptp(colours, axis=1) > 60]
    assert {tuple(colour > 120) for colour in tinted} >= {(True, True, False)}  # trunk over grey
    assert (axial == 252).all(axis=-1).any()  # the image itself, white at its brightest
    assert not len(pixels(axial, 4))  # it shows through


def test_an_image_on_another_grid_is_refused(tmp_path):
    moved = Nifti(stored=person().astype("<i2"), affine=Nifti().affine + np.array([0, 0, 0, 3]))
    image = write(tmp_path / "image.nii.gz", moved.content())

    with pytest.raises(InputError, match="not on the grid"):
        picture_of(tmp_path, Nifti(stored=person()), image=image)


def test_an_image_of_another_size_is_refused(tmp_path):
    image = write(tmp_path / "image.nii", Nifti(stored=person()[:-1].astype("<i2")).content())

    with pytest.raises(InputError, match="not on the grid"):
        picture_of(tmp_path, Nifti(stored=person()), image=image)


def test_an_empty_map_has_a_picture_that_says_so(tmp_path):
    picture = picture_of(tmp_path, Nifti(stored=np.zeros((9, 9, 9), "<u1")))

    assert (picture.std(axis=-1) == 0).all()
    assert panel(picture, AXIAL)[150:170, 120:200].max() > 200  # the words
    assert letters(panel(picture, AXIAL)) == "APRL"


def test_the_legend_has_the_largest_labels_and_counts_the_others(tmp_path):
    labels = np.zeros((40, 40, 40), dtype="<u1")
    for label in range(1, 31):  # the lower, the larger
        labels[: 35 - label, 0, label] = label
    colors = [(8 * label, 250 - 8 * label, 128) for label in range(31)]
    named = dictionary_of(described(n, f"organ {n}", color=colors[n]) for n in range(1, 31))

    legend = picture_of(tmp_path, Nifti(stored=labels), named)[TOP + PANEL + GAP :]

    shown = {tuple(colour) for colour in legend.reshape(-1, 3).tolist()}
    assert [colors[n] in shown for n in range(1, 31)] == [True] * 24 + [False] * 6


def test_a_label_that_no_plane_shows_has_a_hollow_mark_in_the_legend(tmp_path):
    labels = person()
    labels[0, 0, 0] = 5

    picture = picture_of(tmp_path, Nifti(stored=labels))

    outline, full = (pixels(picture[TOP + PANEL :], label) for label in (5, 4))
    assert len(outline) == 4 * 12
    assert len(full) == 13 * 13


def test_labels_that_no_dictionary_knows_are_drawn_too(tmp_path):
    picture = picture_of(tmp_path, Nifti(stored=person()), UNNAMED)

    assert len(np.unique(panel(picture, AXIAL).reshape(-1, 3), axis=0)) > 3


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "in.nii"
    path.write_bytes(Nifti(stored=person()).content()[:-1])

    with pytest.raises(NiftiError):
        label_picture(path, NAMED)


def test_a_shrunk_picture_keeps_labels_apart(tmp_path):
    labels = person()
    noise = np.random.default_rng(5).normal(0, 300, labels.shape).astype("<i2")
    image = write(tmp_path / "image.nii.gz", Nifti(stored=noise).content())
    path = write(tmp_path / "in.nii.gz", Nifti(stored=labels).content())
    png = label_picture(path, NAMED, image=image)

    small = shrunk(png, 20_000)

    assert len(small) <= 20_000 < len(png) <= 60_000
    picture = np.asarray(Image.open(BytesIO(small)).convert("RGB")).astype(int)
    legend = picture[int(0.8 * len(picture)) :].reshape(-1, 3)
    for label in (LEFT_ARM, NOSE, HEAD, 4):
        assert np.abs(legend - COLORS[label]).max(axis=1).min() < 40


def test_a_small_picture_stays_as_it_is(tmp_path):
    png = label_picture(write(tmp_path / "in.nii", Nifti().content()), NAMED)

    assert shrunk(png, len(png)) is png


def test_a_picture_that_cannot_be_small_enough_is_refused(tmp_path):
    png = label_picture(write(tmp_path / "in.nii", Nifti().content()), NAMED)

    with pytest.raises(InputError, match="No picture fits into 100 bytes"):
        shrunk(png, 100)


def test_an_oblique_file_lies_as_it_nearly_does(tmp_path):
    turn = 0.3
    affine = np.array([[np.cos(turn), -np.sin(turn), 0, 0], [np.sin(turn), np.cos(turn), 0, 0]])
    affine = np.vstack([2 * affine, [0, 0, 5, 0]])
    header, _ = read_head(write(tmp_path / "in.nii", Nifti(affine=affine).content()))

    grid = grid_of(header)

    assert [each.axis for each in grid.directions] == [0, 1, 2]
    assert [each.spacing_mm for each in grid.directions] == pytest.approx([2, 2, 5])
    assert grid.voxel_ml == pytest.approx(0.020)


def test_long_names_are_shortened_in_the_middle():
    short = fitting("Start" + "x" * 200 + "End", 13, 214)

    assert (short[:5], short[-3:]) == ("Start", "End")
    assert "…" in short
    assert font(13).getlength(short) <= 214
    assert fitting("PTV  12", 13, 214) == "PTV  12"
