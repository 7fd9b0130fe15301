"""Label maps of every kind, read by the page's own code in a real browser."""

import base64
import re

import nibabel as nib
import numpy as np
import pytest

from tests.imaging.labels.phantoms import Nifti, in_order, organs, write

# In the page: every voxel's place, and the id that each place stands for.
_READ = """
const [name, done] = arguments;
const read = async () => {
  const at = document.querySelector("script[src]").src.replace("view.js", "labelmap.js");
  const { readLabelMap } = await import(at);
  const map = await readLabelMap(await (await fetch(`files/kinds/${name}`)).blob());
  const bytes = Array.from(new Uint8Array(map.file), (byte) => String.fromCharCode(byte));
  const ids = Array.from({ length: 2048 }, (_, place) => map.idAt(place));
  return { ids, labels: map.ids, file: btoa(bytes.join("")) };
};
read().then(done, (error) => done({ error: error.message }));
"""
_TYPES = ("u1", "i1", "<i2", ">i2", "<u2", ">u2", "<i4", ">i4", "<u4", "<i8", ">i8", "<u8", ">f4")
_WIDE = np.where(organs() == 7, -40_000, np.where(organs() == 11, 2**31 - 1, organs()))
KINDS: dict[str, str | Nifti] = {
    **{f"type-{kind}".replace("<", "le-").replace(">", "be-"): kind for kind in _TYPES},
    "scaled": Nifti((organs() + 10).astype("<i2"), slope=2, inter=-20),
    "nan slope": Nifti(slope=float("nan"), inter=5),
    "negative and wide": in_order(_WIDE, "<i4"),
    "nifti-2": Nifti(version=2),
    "extension": Nifti(extension=b"\x10\0\0\0\x06\0\0\0namesof "),
    "two volumes": Nifti(np.stack([organs(), 2 * organs()], -1).astype("<u1")),
}


def phantom_of(kind):
    found = KINDS[kind]
    return found if isinstance(found, Nifti) else in_order(organs(), found)


def read_in_page(chromium, gateway, name, content):
    (gateway.root / "kinds").mkdir(exist_ok=True)
    write(gateway.root / "kinds" / name, content)
    if chromium.driver.current_url != f"{gateway.address}/view":
        chromium.open(f"{gateway.address}/view", until="choosing")
    return chromium.driver.execute_async_script(_READ, name)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ending", ["nii", "nii.gz"])
def test_every_voxel_keeps_its_id_and_its_place(chromium, gateway, kind, ending):
    phantom = phantom_of(kind)
    slope = 1.0 if np.isnan(phantom.slope) else phantom.slope
    inter = 0.0 if np.isnan(phantom.slope) else phantom.inter
    truth = (phantom.stored.astype(float) * slope + inter).astype(np.int64)
    name = f"{list(KINDS).index(kind)}.{ending}"

    answer = read_in_page(chromium, gateway, name, phantom.content())

    assert "error" not in answer
    content = base64.b64decode(answer["file"])
    image = (nib.Nifti1Image if phantom.version == 1 else nib.Nifti2Image).from_bytes(content)
    ids = np.array(answer["ids"])[np.asarray(image.dataobj)]
    assert np.array_equal(ids, truth)
    assert answer["labels"] == [label for label in np.unique(truth).tolist() if label]
    assert image.affine[:3] == pytest.approx(phantom.affine, abs=1e-5)
    assert image.header.get_slope_inter() in ((None, None), (1.0, 0.0))


BROKEN = {
    "no NIfTI": b"no image" * 100,
    "short": b"\0",
    "cut": Nifti().content()[:-1],
    "colours": Nifti(datatype=128).content(),
    "not a number": in_order(np.where(organs() == 7, np.nan, organs()), "<f4").content(),
    "too many": in_order(np.arange(20 * 21 * 22).reshape(20, 21, 22), "<i2").content(),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_label_map_is_refused_in_words(chromium, gateway, kind):
    answer = read_in_page(chromium, gateway, f"{kind}.nii", BROKEN[kind])

    assert re.fullmatch(r"The (file|label map)\b.*\.", answer["error"])
