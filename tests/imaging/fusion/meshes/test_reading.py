"""What is read is what the file holds: its triangles, and nothing that names anybody."""

import warnings

import DracoPy
import numpy as np
import pytest
import trimesh

from imaging.errors import MeshError
from imaging.fusion.meshes import read_mesh, write_mesh
from imaging.fusion.specification import MeshType

NAME = b"DOE^JANE"
KINDS: list[MeshType] = ["ply", "stl", "obj", "off", "glb", "drc"]


def sorted_corners(mesh):
    """The triangles in an order that does not depend on the file's."""
    corners = np.round(mesh.triangles, 3) + 0.0
    return np.unique(np.sort(corners.reshape(-1, 9), axis=0), axis=0)


def saved(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_each_format_gives_back_its_triangles(kind, ball, tmp_path):
    mesh = read_mesh(write_mesh(ball, tmp_path / "m", kind, draco_bits=20), kind)

    assert len(mesh.faces) == 320
    assert mesh.volume == pytest.approx(ball.volume, rel=1e-5)
    assert mesh.bounds == pytest.approx(ball.bounds, abs=1e-4)
    assert mesh.vertices.dtype == np.float64
    assert mesh.faces.dtype == np.int64


@pytest.mark.parametrize("kind", ["ply", "obj", "off", "glb"])
def test_vertices_and_faces_keep_their_order(kind, ball, tmp_path):
    mesh = read_mesh(write_mesh(ball, tmp_path / "m", kind), kind)

    assert np.array_equal(mesh.faces, ball.faces)
    assert mesh.vertices == pytest.approx(ball.vertices, abs=1e-5)


def test_vertices_of_an_stl_are_not_merged(ball, tmp_path):
    mesh = read_mesh(write_mesh(ball, tmp_path / "m", "stl"), "stl")

    assert len(mesh.vertices) == 3 * 320


def test_a_vertex_that_no_face_uses_stays(ball, tmp_path):
    more = trimesh.Trimesh([*ball.vertices, [0, 0, 0]], ball.faces, process=False)

    kinds: list[MeshType] = ["ply", "obj", "off"]
    for kind in kinds:
        assert len(read_mesh(write_mesh(more, tmp_path / "m", kind), kind).vertices) == 163


@pytest.mark.parametrize("encoding", ["ascii", "binary_little_endian"])
def test_both_kinds_of_ply_are_read(encoding, ball, tmp_path):
    content = ball.export(file_type="ply", encoding=encoding)

    assert len(read_mesh(saved(tmp_path / "m", content), "ply").faces) == 320


def test_a_big_endian_ply_is_read(tmp_path):
    head = "ply\nformat binary_big_endian 1.0\nelement vertex 3\nproperty float x\n"
    head += "property float y\nproperty float z\nelement face 1\n"
    head += "property list uchar int vertex_indices\nend_header\n"
    corners = np.array([[0, 0, 0], [2, 0, 0], [0, 3, 0]], dtype=">f4").tobytes()
    face = b"\x03" + np.array([0, 1, 2], dtype=">i4").tobytes()

    mesh = read_mesh(saved(tmp_path / "m", head.encode() + corners + face), "ply")
    assert mesh.area == pytest.approx(3.0)


def test_a_square_is_two_triangles(tmp_path):
    corners = "0 0 0\n2 0 0\n2 2 0\n0 2 0\n"
    ply = "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\n"
    ply += "property float z\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n"
    sources: dict[MeshType, str] = {
        "ply": f"{ply}{corners}4 0 1 2 3\n",
        "off": f"OFF # a comment\n4 1 0\n{corners}4 0 1 2 3\n",
        "obj": "v 0 0 0\nv 2 0 0\nv 2 2 0\nv 0 2 0\nf 1/1/1 2/2/2 \\\n 3//3 4\n",
    }

    for kind, text in sources.items():
        mesh = read_mesh(saved(tmp_path / "m", text), kind)
        assert (len(mesh.faces), mesh.area) == (2, pytest.approx(4.0)), kind


@pytest.mark.parametrize("comment", ["# made by DOE^JANE", "# kept in C:\\scans\\"])
def test_comments_in_an_obj_are_passed_over_wherever_they_are(comment, tmp_path):
    lines = ["v 0 0 0", "v 2 0 0", "v 0 3 0", "f 1 2 3"]
    text = "".join(f"{line} {comment}\n{comment}\n" for line in lines)

    assert read_mesh(saved(tmp_path / "m", text), "obj").area == pytest.approx(3.0)


@pytest.mark.parametrize("kind", ["obj", "off"])
def test_a_comment_may_be_in_latin_1(kind, ball, tmp_path):
    content = write_mesh(ball, tmp_path / "m", kind).read_bytes()

    source = saved(tmp_path / "n", content + "# Jörg\n".encode("latin-1"))
    assert len(read_mesh(source, kind).faces) == 320


@pytest.mark.parametrize("kind", ["obj", "off"])
def test_a_mark_at_the_beginning_of_a_text_is_passed_over(kind, ball, tmp_path):
    source = write_mesh(ball, tmp_path / "m", kind)

    marked = saved(tmp_path / "n", b"\xef\xbb\xbf" + source.read_bytes())
    assert len(read_mesh(marked, kind).vertices) == 162


@pytest.mark.parametrize("name", ["Möller", "J\xf6rg in Latin-1", ""])
def test_a_text_stl_is_read_whatever_it_is_called(name, ball, tmp_path):
    text = ball.export(file_type="stl_ascii").replace("solid ", f"solid {name}", 1)
    encoded = text.encode("latin-1" if "Latin" in name else "utf-8")

    assert len(read_mesh(saved(tmp_path / "m", encoded), "stl").faces) == 320


def test_a_text_stl_of_two_solids_is_one_mesh(ball, tmp_path):
    text = ball.export(file_type="stl_ascii")

    assert len(read_mesh(saved(tmp_path / "m", f"{text}\n{text}"), "stl").faces) == 640


def test_meshes_of_a_glb_are_placed_and_put_together(ball, tmp_path):
    scene = trimesh.Scene()
    scene.add_geometry(ball, node_name="a", geom_name="a")
    moved = trimesh.transformations.translation_matrix([0, 0, 100])
    scene.add_geometry(ball, node_name="b", geom_name="a", transform=moved)

    mesh = read_mesh(saved(tmp_path / "m", scene.export(file_type="glb")), "glb")

    assert len(mesh.faces) == 640
    assert mesh.bounds[0] == pytest.approx(ball.bounds[0], abs=1e-4)
    assert mesh.bounds[1] == pytest.approx(ball.bounds[1] + [0, 0, 100], abs=1e-4)


def test_a_glb_compressed_by_draco_is_read(ball, tmp_path):
    content = trimesh.Scene(ball).export(file_type="glb", extension_draco=True)

    mesh = read_mesh(saved(tmp_path / "m", content), "glb")
    assert mesh.volume == pytest.approx(ball.volume, rel=1e-3)


def test_draco_files_in_sequence_or_with_metadata_are_read(ball, tmp_path):
    points, faces = ball.vertices.astype("f4"), ball.faces.astype("u4")

    for options in ({"preserve_order": True}, {"create_metadata": True}):
        packed = DracoPy.encode(points, faces, quantization_bits=20, **options)
        mesh = read_mesh(saved(tmp_path / "m", packed), "drc")
        assert mesh.volume == pytest.approx(ball.volume, rel=1e-5)


def named(kind, ball):
    """A file with a name wherever its format has room for one."""
    if kind == "stl":
        return NAME.ljust(80) + ball.export(file_type="stl")[80:]
    if kind == "ply":
        comments = b"comment " + NAME + b"\ncomment TextureFile " + NAME + b"\nelement vertex"
        return ball.export(file_type="ply").replace(b"element vertex", comments, 1)
    if kind == "obj":
        lines = b"# %s\nmtllib %s\no %s\ng %s\nusemtl %s\n".replace(b"%s", NAME)
        return lines + ball.export(file_type="obj", header=None).encode()
    if kind == "off":
        return ball.export(file_type="off").replace("OFF", f"OFF # {NAME.decode()}", 1).encode()
    mesh = ball.copy()
    mesh.metadata["patient"] = NAME.decode()
    scene = trimesh.Scene()
    scene.add_geometry(mesh, node_name=NAME.decode(), geom_name=NAME.decode())
    return scene.export(file_type="glb")


@pytest.mark.parametrize("kind", ["ply", "stl", "obj", "off", "glb"])
def test_no_name_comes_along(kind, ball, tmp_path):
    content = named(kind, ball)
    assert NAME in content

    mesh = read_mesh(saved(tmp_path / "m", content), kind)

    assert len(mesh.faces) == 320
    assert NAME.decode() not in repr((mesh.metadata, mesh.visual, mesh.vertex_attributes))
    for other in KINDS:
        assert NAME not in write_mesh(mesh, tmp_path / "out", other).read_bytes()


def test_files_that_a_file_names_are_not_opened(ball, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    saved(tmp_path / "other.mtl", "newmtl a\nmap_Kd picture.png\n")
    text = "mtllib other.mtl\nusemtl a\n" + ball.export(file_type="obj", header=None)
    source = saved(tmp_path / "m.obj", text)
    (tmp_path / "other.mtl").chmod(0)

    assert len(read_mesh(source, "obj").faces) == 320


def test_a_picture_that_a_ply_names_is_neither_looked_for_nor_told_of(tmp_path, caplog):
    head = "ply\nformat ascii 1.0\ncomment TextureFile other.png\nelement vertex 3\n"
    head += "".join(f"property float {axis}\n" for axis in "xyz")
    head += "element face 1\nproperty list uchar int vertex_indices\nend_header\n"
    source = saved(tmp_path / "m.ply", head + "0 0 0\n2 0 0\n2 2 0\n3 0 1 2\n")

    assert len(read_mesh(source, "ply").faces) == 1
    assert caplog.text == ""


def test_what_cannot_be_read_at_all_is_no_fault_of_the_mesh(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_mesh(tmp_path / "none", "ply")


def test_reading_warns_of_nothing(ball, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for kind in KINDS:
            read_mesh(write_mesh(ball, tmp_path / "m", kind), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_limit_of_faces_is_kept(kind, ball, tmp_path):
    source = write_mesh(ball, tmp_path / "m", kind)

    assert len(read_mesh(source, kind, most_faces=320).faces) == 320
    with pytest.raises(MeshError, match="more than 319 faces"):
        read_mesh(source, kind, most_faces=319)
