"""What the gateway says of a label map."""

import numpy as np
import pytest

from imaging.gateway import labels as module
from imaging.labels import measure_labels
from tests.imaging.labels.phantoms import AFFINE, Nifti, organs, write

SEG = "output/P1/scans/seg.nii.gz"


def test_every_label_has_its_name_size_and_place(client):
    table = client.get(f"/labels/{SEG}").json()

    assert [(row["id"], row["voxels"]) for row in table["labels"]] == [
        (label, int((organs() == label).sum())) for label in (1, 5, 7, 11)
    ]
    row = table["labels"][1]
    assert row["name"] == "right kidney"
    assert row["box"] == [[3, 4, 5], [8, 8, 11]]
    centre = np.argwhere(organs() == 5).mean(axis=0)
    assert row["centroid_voxels"] == pytest.approx(centre)
    assert row["centroid_mm"] == pytest.approx(AFFINE[:, :3] @ centre + AFFINE[:, 3], rel=1e-6)
    assert row["ml"] == pytest.approx(210 * abs(np.linalg.det(AFFINE[:, :3])) / 1000, rel=1e-6)
    assert row["volume"] == 0
    assert row["color"].startswith("#")
    assert table["voxel_filename"] == "seg.nii.gz"
    assert table["shape"] == [20, 21, 22]
    assert table["names_from"] == "vista3d (assumed)"


def test_the_old_address_of_a_scan_s_labels_works(client, data_root):
    place = data_root / "output/P1/voxels/ARTERIAL 3/original/aorta.nii.gz"
    place.parent.mkdir(parents=True)
    write(place, Nifti().content())

    url = "/output/P1/voxels/ARTERIAL%203/original/{}/labels"

    assert client.get(url.format("aorta.nii.gz")).json()["voxel_filename"] == "aorta.nii.gz"
    assert client.get(url.format("other.nii.gz")).status_code == 404


@pytest.mark.parametrize(
    ("dictionary", "name"), [("vista3d", "liver"), ("totalsegmentator", "spleen")]
)
def test_a_dictionary_can_be_asked_for(client, dictionary, name):
    table = client.get(f"/labels/{SEG}?dictionary={dictionary}").json()

    assert table["labels"][0]["name"] == name
    assert table["names_from"] == dictionary


def test_names_beside_the_file_count_and_an_unknown_label_is_called_by_its_number(
    client, data_root
):
    table = "index\tname\n5\tmine\n"
    (data_root / "output/P1/scans/seg_dseg.tsv").write_text(table)

    answer = client.get(f"/labels/{SEG}").json()

    assert [row["name"] for row in answer["labels"]] == ["1", "mine", "7", "11"]


def test_volumes_are_told_apart(client, data_root):
    both = np.stack([organs(), np.where(organs() == 5, 5, 0)], axis=3).astype("<u1")
    write(data_root / "4d.nii", Nifti(both).content())

    table = client.get("/labels/4d.nii").json()

    assert table["shape"] == [20, 21, 22, 2]
    assert [(row["volume"], row["id"]) for row in table["labels"]] == [
        (0, 1),
        (0, 5),
        (0, 7),
        (0, 11),
        (1, 5),
    ]


def test_a_label_map_is_measured_once_and_an_unchanged_answer_not_sent_again(client, monkeypatch):
    calls = []

    def counted(source, names):
        calls.append(source)
        return measure_labels(source, names)

    monkeypatch.setattr(module, "measure_labels", counted)
    first = client.get(f"/labels/{SEG}")

    again = client.get(f"/labels/{SEG}", headers={"If-None-Match": first.headers["etag"]})
    head = client.head(f"/labels/{SEG}")
    renamed = client.get(f"/labels/{SEG}?dictionary=totalsegmentator")

    assert len(calls) == 1
    assert (again.status_code, again.content) == (304, b"")
    assert head.headers["content-length"] == str(len(first.content))
    assert renamed.headers["etag"] != first.headers["etag"]


def test_what_is_no_label_map_is_refused(client, data_root):
    (data_root / "broken.nii").write_bytes(Nifti().content()[:-1])

    assert client.get("/labels/ten.txt").status_code == 415
    assert client.get("/labels/broken.nii").status_code == 422
    assert client.get("/labels/none.nii").status_code == 404


def test_names_are_not_read_through_a_link_that_leads_out(client, data_root, tmp_path):
    outside = tmp_path / "labels.tsv"
    outside.write_text("index\tname\n5\tplanted\n")
    (data_root / "output/P1/scans/labels.tsv").symlink_to(outside)

    answers = [
        client.get(f"/labels/{SEG}"),
        client.get(f"/filtered/{SEG}?labels=planted"),
        client.get(f"/filtered/{SEG}?label_ids=9"),
    ]

    assert {answer.status_code for answer in answers} == {422}
    assert "planted" not in "".join(answer.text for answer in answers)
    assert client.get(f"/filtered/{SEG}?label_ids=5").status_code == 200
    assert client.get(f"/labels/{SEG}?dictionary=vista3d").status_code == 200
