"""What is said of a scan before anything is paid for."""

import resource
import struct
from pathlib import Path

import numpy as np
import pytest
import trimesh

from imaging.errors import InputError, MeshError
from imaging.fusion.checking import check_pair, check_scan, hash_scan
from imaging.fusion.meshes import write_mesh
from imaging.phantoms.teeth import arch_scan

KINDS = ("ply", "stl", "obj", "off", "glb", "drc")
LABEL = "upper scan"


def arch(size_mm: tuple[float, float, float] = (60, 50, 20)) -> trimesh.Trimesh:
    """Return a smooth closed surface of a jaw's size."""
    ball = trimesh.creation.icosphere(subdivisions=4)
    return trimesh.Trimesh(ball.vertices * np.array(size_mm) / 2, ball.faces, process=False)


def write(folder: Path, kind: str, mesh: trimesh.Trimesh | None = None) -> Path:
    return write_mesh(mesh or arch(), folder / f"PLANTED^NAME.{kind}", kind)  # type: ignore[arg-type]


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        check_scan(path, label=LABEL)
    said = str(caught.value)
    assert said.startswith(LABEL)
    assert "PLANTED" not in f"{caught.value!r} {caught.value.__cause__!r}"
    assert str(path.parent) not in said
    return said


@pytest.mark.parametrize("kind", KINDS)
def test_a_scan_is_good_in_every_format_and_its_size_is_told(kind, tmp_path):
    facts = check_scan(write(tmp_path, kind), label=LABEL)

    assert (facts.kind, facts.faces) == (kind, 5120)
    assert facts.vertices >= 2562
    assert facts.extents_mm == pytest.approx((60, 50, 20), abs=0.01)
    assert facts.notes == ()
    assert facts.bytes == (tmp_path / f"PLANTED^NAME.{kind}").stat().st_size
    assert facts.sha256 == hash_scan(tmp_path / f"PLANTED^NAME.{kind}")


def test_a_suffix_may_be_in_capitals(tmp_path):
    path = write(tmp_path, "stl").rename(tmp_path / "SCAN.STL")

    assert check_scan(path, label=LABEL).kind == "stl"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("named", KINDS)
def test_a_name_that_contradicts_the_content_is_refused(kind, named, tmp_path):
    path = write(tmp_path, kind).rename(tmp_path / f"a.{named}")

    if kind == named:
        assert check_scan(path, label=LABEL).kind == kind
    else:
        assert f"its name says {named}, but its content is {kind}" in refusal(path)


def test_a_suffix_that_the_vendor_does_not_take_is_refused(tmp_path):
    path = write(tmp_path, "ply").rename(tmp_path / "a.3mf")

    assert "its name ends in none of ply, stl" in refusal(path)


@pytest.mark.parametrize("head", [b"PK\3\4", b"\x1f\x8b\x08"], ids=["zip", "gzip"])
@pytest.mark.parametrize("suffix", ["zip", "tar.gz", "stl"])
def test_an_archive_is_to_be_unpacked_first(head, suffix, tmp_path):
    path = tmp_path / f"PLANTED.{suffix}"
    path.write_bytes(head + bytes(100))

    assert "it is an archive; unpack it" in refusal(path)


def test_what_is_not_there_is_refused_without_its_name(tmp_path):
    assert "there is no such file" in refusal(tmp_path / "PLANTED.stl")


def test_a_folder_and_an_empty_file_are_called_so(tmp_path):
    (folder := tmp_path / "PLANTED").mkdir()
    (empty := tmp_path / "PLANTED.stl").touch()

    assert "it is a folder" in refusal(folder)
    assert "the file is empty" in refusal(empty)


def binary_stl(header: bytes, triangles: np.ndarray) -> bytes:
    faces = np.zeros(len(triangles), dtype=[("n", "<f4", 3), ("v", "<f4", (3, 3)), ("a", "<u2")])
    faces["v"] = triangles
    return header.ljust(80, b"\0") + struct.pack("<L", len(triangles)) + faces.tobytes()


def test_a_binary_stl_that_begins_like_a_text_is_read(tmp_path):
    path = tmp_path / "a.stl"
    path.write_bytes(binary_stl(b"solid PLANTED facet normal", arch().triangles))

    assert check_scan(path, label=LABEL).faces == 5120


EMPTY = {
    "binary stl": ("a.stl", bytes(84)),
    "text stl": ("a.stl", b"solid PLANTED\nendsolid PLANTED\n"),
    "ply": (
        "a.ply",
        b"ply\nformat ascii 1.0\ncomment PLANTED\nelement vertex 0\nproperty float x\n"
        b"property float y\nproperty float z\nelement face 0\n"
        b"property list uchar int vertex_indices\nend_header\n",
    ),
    "obj": ("a.obj", b"o PLANTED\nv 0 0 0\nv 50 0 0\nv 0 50 30\n"),
    "off": ("a.off", b"OFF\n# PLANTED\n0 0 0\n"),
}


@pytest.mark.parametrize("name", EMPTY)
def test_a_scan_without_faces_is_refused(name, tmp_path):
    file, content = EMPTY[name]
    (tmp_path / file).write_bytes(content)

    refusal(tmp_path / file)


@pytest.mark.parametrize("content", [b"PLANTED\0\1\2", bytes(1000)], ids=["text", "0"])
@pytest.mark.parametrize("kind", KINDS)
def test_garbage_is_refused(kind, content, tmp_path):
    path = tmp_path / f"a.{kind}"
    path.write_bytes(content)

    assert "its content is something else" in refusal(path)


@pytest.mark.parametrize("change", [-60, 2])
def test_a_binary_stl_of_another_length_is_refused_with_both(change, tmp_path):
    content = binary_stl(b"PLANTED", arch().triangles)
    path = tmp_path / "a.stl"
    path.write_bytes(content[:change] if change < 0 else content + bytes(change))

    size = len(content)
    told = f"a binary STL of 5120 faces has {size} bytes, not {size + change}"
    assert told in refusal(path)


def test_a_text_stl_may_shout(tmp_path):
    path = tmp_path / "a.stl"
    path.write_text(str(arch().export(file_type="stl_ascii")).upper())

    assert check_scan(path, label=LABEL).faces == 5120


@pytest.mark.parametrize("kind", KINDS)
def test_a_scan_that_is_cut_short_is_refused(kind, tmp_path):
    path = write(tmp_path, kind)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])

    refusal(path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("kind", ["ply", "stl", "obj", "off"])
def test_vertices_that_are_no_numbers_are_refused(kind, value, tmp_path):
    path = tmp_path / f"a.{kind}"
    vertices = arch().vertices
    vertices[7, 1] = value
    path.write_bytes(plain(kind, vertices))

    with pytest.raises(MeshError, match=LABEL):
        check_scan(path, label=LABEL)


def plain(kind: str, vertices: np.ndarray) -> bytes:
    """Return the arch with these vertices as the simplest file of a format."""
    faces = arch().faces
    if kind == "stl":
        return binary_stl(b"", vertices[faces])
    points = rows(vertices, "v " if kind == "obj" else "")
    counts = f"{len(vertices)} {len(faces)}"
    return {
        "obj": points + rows(faces + 1, "f "),
        "off": f"OFF\n{counts} 0\n{points}{rows(faces, '3 ')}",
        "ply": f"ply\nformat ascii 1.0\nelement vertex {len(vertices)}\nproperty float x\n"
        f"property float y\nproperty float z\nelement face {len(faces)}\n"
        f"property list uchar int vertex_indices\nend_header\n{points}{rows(faces, '3 ')}",
    }[kind].encode()


def rows(numbers: np.ndarray, start: str) -> str:
    return "".join(start + " ".join(map(str, row)) + "\n" for row in numbers.tolist())


SIZES = {
    "metres": ((0.06, 0.05, 0.02), "smaller than a tooth: is it in metres"),
    "centimetres": ((6, 5, 2), "smaller than a jaw: is it in centimetres"),
    "head": ((250, 200, 200), "larger than any jaw"),
    "micrometres": ((60_000, 50_000, 20_000), "larger than any jaw"),
    "flat": ((60, 50, 0.5), "is flat"),
}


@pytest.mark.parametrize("name", SIZES)
def test_a_size_that_no_jaw_has_is_refused_with_a_guess_why(name, tmp_path):
    size_mm, words = SIZES[name]

    assert words in refusal(write(tmp_path, "ply", arch(size_mm)))


@pytest.mark.parametrize("size_mm", [(20.5, 15, 5), (199, 100, 50)])
def test_sizes_at_the_limits_are_good(size_mm, tmp_path):
    facts = check_scan(write(tmp_path, "ply", arch(size_mm)), label=LABEL)
    assert facts.extents_mm[0] == pytest.approx(size_mm[0], abs=0.01)


def lying(kind: str) -> bytes:
    """Return a file that says that it has two thousand million faces."""
    if kind == "stl":
        return bytes(80) + struct.pack("<L", 0x7FFFFFFF) + bytes(500)
    ascii_or_binary = "ascii" if kind == "text ply" else "binary_little_endian"
    header = (
        f"ply\nformat {ascii_or_binary} 1.0\nelement vertex 2000000000\nproperty float x\n"
        "property float y\nproperty float z\nelement face 2000000000\n"
        "property list uchar int vertex_indices\nend_header\n"
    )
    return header.encode() + bytes(100)


@pytest.mark.parametrize("kind", ["stl", "ply", "text ply"])
def test_a_count_that_lies_is_refused_before_memory_is_taken(kind, tmp_path):
    path = tmp_path / f"a.{kind.split()[-1]}"
    path.write_bytes(lying(kind))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    refusal(path)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_odd_things_are_noted(tmp_path):
    mesh = arch()
    faces = np.vstack([mesh.faces, [[0, 0, 1], [5, 5, 5]]])
    path = write(tmp_path, "ply", trimesh.Trimesh(mesh.vertices, faces, process=False))
    assert check_scan(path, label=LABEL).notes == ("2 faces have no area",)

    box = trimesh.creation.box((60, 50, 20))
    assert check_scan(write(tmp_path, "ply", box), label=LABEL).notes == ("only 12 faces",)


def test_what_the_file_system_says_holds_no_path(tmp_path):
    path = tmp_path / "PLANTED.ply"
    path.symlink_to("/proc/self/mem")  # a file that fails to be read, whoever asks

    with pytest.raises(InputError, match=r"cannot be read or written .OSError.$") as caught:
        check_scan(path, label=LABEL)
    assert "PLANTED" not in str(caught.value)


@pytest.mark.parametrize("upper", [True, False])
def test_the_phantoms_scans_are_good(upper, tmp_path):
    assert check_scan(write(tmp_path, "ply", arch_scan(upper=upper)), label=LABEL).faces > 1000


def test_one_scan_cannot_be_both_jaws(tmp_path):
    upper = check_scan(write(tmp_path / "a", "ply"), label="upper scan")
    lower = check_scan(write(tmp_path / "b", "ply"), label="lower scan")
    with pytest.raises(InputError, match="are the same file"):
        check_pair(upper, lower)

    check_pair(upper, check_scan(write(tmp_path, "ply", arch((61, 50, 20))), label="lower scan"))
