"""What a browser is told of a file by its name."""

import pytest

from imaging.gateway.media import disposition, media_type


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.nii.gz", "application/gzip"),
        ("a.tar.gz", "application/gzip"),
        ("a.nii", "application/octet-stream"),
        ("a.DCM", "application/dicom"),
        ("a.glb", "model/gltf-binary"),
        ("a.parquet", "application/vnd.apache.parquet"),
        ("a.csv", "text/csv; charset=utf-8"),
        ("a.html", "text/html; charset=utf-8"),
        ("a.png", "image/png"),
        ("a.json", "application/json"),
        ("a.strange", "application/octet-stream"),
        ("noextension", "application/octet-stream"),
        ("a.svgz", "application/octet-stream"),
    ],
)
def test_a_name_tells_the_media_type(name, kind):
    assert media_type(name) == kind


@pytest.mark.parametrize("name", ["page.html", "p.htm", "p.svg", "p.xhtml", "p.xml", "P.HTML"])
def test_pages_of_the_data_root_run_outside_of_our_origin(client, data_root, name):
    (data_root / name).write_text("<script>fetch('/files/')</script>")

    policy = client.get(f"/files/{name}").headers["content-security-policy"]

    assert "sandbox" in policy
    assert "allow-same-origin" not in policy
    assert "connect-src" not in policy  # so that default-src counts
    assert "default-src 'none'" in policy


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("a b.nii", 'attachment; filename="a b.nii"'),
        ('x";y.nii', "attachment; filename*=UTF-8''x%22%3By.nii"),
        ("Größe.nii", "attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe.nii"),
        ("a\r\nb.nii", "attachment; filename*=UTF-8''a%0D%0Ab.nii"),
    ],
)
def test_a_file_name_cannot_break_its_header(name, written):
    assert disposition(name) == written
