import pytest

from imaging.gateway.access.targets import file_meant
from tests.imaging.gateway.access.apps import lay_file

VOXELS = "voxels/S1/original/seg.nii.gz"


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("/files/a/CT.nii.gz", "a/CT.nii.gz"),
        ("/filtered/a/CT.nii.gz", "a/CT.nii.gz"),
        ("/labels/a/CT.nii.gz", "a/CT.nii.gz"),
        ("/a/CT.nii.gz", "a/CT.nii.gz"),
        ("/files/files/a", "files/a"),
        ("/files/a b+c%20d", "a b+c%20d"),  # decoded once already
        ("/output/P1/a/labels", "output/P1/a/labels"),  # not that route: an ordinary file
    ],
)
def test_an_address_means_the_file_it_names(options, url, meant):
    assert file_meant(options, url) == meant


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/",
        "//",
        "/files",
        "/files/",
        "/files//a",
        "/files/a/",
        "/files/../a",
        "/files/a/../b",
        "/files/./a",
        "/files/.env",
        "/files/a\\b",
        "/files/a\x00",
        "/files/a\n",
        "files/a",
        "http://localhost/files/a",
        "/filtered-scans/P1/seg.nii.gz",
        f"/filtered-scans/P1/{VOXELS}",
        f"/output/P1/{VOXELS}/labels",
    ],
)
def test_where_unsure_no_file_is_meant(options, url):
    assert file_meant(options, url) is None


def test_a_scan_is_the_first_place_that_holds_it(options):
    url = "/filtered-scans/P1/seg.nii.gz"
    for path in ("P1/seg.nii.gz", "output/P1/seg.nii.gz", "output/P1/scans/seg.nii.gz"):
        lay_file(options.data_root, path)
        assert file_meant(options, url) == path


def test_the_older_addresses_mean_files_too(options):
    path = lay_file(options.data_root, f"output/P1/{VOXELS}")
    lay_file(options.data_root, f"output/P1/{VOXELS}.d/labels")

    assert file_meant(options, f"/filtered-scans/P1/{VOXELS}") == path
    assert file_meant(options, f"/output/P1/{VOXELS}/labels") == path
    assert file_meant(options, f"/output/P1/{VOXELS}") == path
