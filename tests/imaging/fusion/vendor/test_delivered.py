"""Meshes are found in every shape that answers had, under names that no file system minds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.errors import RemoteRejectedError
from imaging.fusion.specification import MeshType
from imaging.fusion.vendor import DeliveredMesh, delivered_meshes

PLY: dict[str, MeshType] = {"teeth": "ply"}


def node(data: object = "urn:x", kind: object = "ply") -> dict[str, Any]:
    return {"type": kind, "data": data}


def names(value: object) -> list[str]:
    return [mesh.name for mesh in delivered_meshes({"teeth": value}, PLY)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (node(), ["teeth"]),
        ([node(), node()], ["part-1", "part-2"]),
        ({"11": node(), "48": node()}, ["11", "48"]),
        ({"upper": {"11": node()}, "lower": [node()]}, ["upper-11", "lower-part-1"]),
        ({"a": {"b": {"11": node()}}}, ["a-b-11"]),
        ([[node()], {"11": node()}], ["part-1-part-1", "part-2-11"]),
        ({}, []),
        ([], []),
        (None, []),
    ],
    ids=range(9),
)
def test_meshes_are_found_in_a_node_a_list_and_a_dict(value, expected):
    assert names(value) == expected


@pytest.mark.parametrize("is_nested", [False, True])
def test_outputs_lie_at_the_top_or_below_result(is_nested):
    answer = {"teeth": {"11": node("urn:t")}, "more": node(), "cbct_upper_jaw": [node("urn:j")]}
    asked: dict[str, MeshType] = {"cbct_upper_jaw": "ply", "teeth": "ply", "absent": "stl"}

    found = delivered_meshes({"result": answer} if is_nested else answer, asked)

    assert found == [
        DeliveredMesh("cbct_upper_jaw", "part-1", "ply", "urn:j"),
        DeliveredMesh("teeth", "11", "ply", "urn:t"),
    ]


def test_an_output_may_be_called_result():
    answer = {"result": {"11": node()}}

    [mesh] = delivered_meshes(answer, {"result": "ply"})

    assert (mesh.output, mesh.name) == ("result", "11")


def test_a_format_is_the_mesh_s_own_or_the_one_asked_for():
    value = {"11": node(kind="STL"), "12": {"data": "urn:x"}}

    assert [mesh.type for mesh in delivered_meshes({"teeth": value}, PLY)] == ["stl", "ply"]


@pytest.mark.parametrize("kind", ["exe", "", None, 7, ["ply"], "../ply", "zip"], ids=range(7))
def test_a_format_that_is_none_is_refused_by_name(kind):
    with pytest.raises(RemoteRejectedError, match="mesh 11 of the output teeth"):
        names({"11": node(kind=kind)})


@pytest.mark.parametrize("content", ["", None, 7, ["urn:x"], {"data": "urn:x"}], ids=range(5))
def test_a_mesh_without_content_is_refused_by_name(content):
    with pytest.raises(RemoteRejectedError, match="mesh 11 of the output teeth"):
        names({"11": node(content)})


def test_what_is_no_mesh_is_left_out_and_counted(caplog):
    value = {"11": node(), "version": "planted", "n": 3, "none": None, "deep": [[[[node()]]]]}

    assert names(value) == ["11"]

    [record] = caplog.records
    assert record.getMessage() == "3 values of the output teeth are no meshes and left out"


@pytest.mark.parametrize("value", ["urn:x", 7, True])
def test_an_output_that_is_no_mesh_at_all_gives_none(value, caplog):
    assert names(value) == []
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("11", "11"),
        ("tooth_11", "tooth_11"),
        ("../../etc/passwd", "etc_passwd"),
        ("/root", "root"),
        ("C:\\x", "C_x"),
        ("..", "mesh"),
        ("", "mesh"),
        ("\x00", "mesh"),
        ("a\x00b\nc", "a_b_c"),
        (".hidden", "hidden"),
        ("-rf", "rf"),
        ("a.", "a"),
        ("x" * 5000, "x" * 64),
        ("\uff11\uff11", "11"),
        ("Zähne", "Z_hne"),
        ("\u202e11", "11"),
        ("\ud800", "mesh"),
        ("CON", "mesh-CON"),
        ("nul.ply", "mesh-nul.ply"),
        ("com1", "mesh-com1"),
        ("console", "console"),
        ("$(rm -r x)", "rm_-r_x"),
        ("<b>", "b"),
        ("https://store.test/11.ply?Expires=1&Signature=planted", "mesh"),
        ("//store.test/planted", "mesh"),
        ("urn:zhfile:o:s:g:u:planted.ply", "mesh"),
    ],
    ids=range(26),
)
def test_a_name_is_safe_in_any_file_system(told, expected):
    assert names({told: node()}) == [expected]


def test_names_are_told_apart_also_where_case_does_not_count():
    value = {"a": node(), "A": node(), "a-2": node(), "../a": node(), "\uff41": node()}

    assert names(value) == ["a", "A-2", "a-2-2", "a-3", "a-4"]


@given(st.dictionaries(st.text(max_size=80), st.just({"type": "ply", "data": "urn:x"})))
def test_every_mesh_has_a_name_of_its_own_that_stays_in_its_folder(value):
    if "data" in value:
        return  # then it is a node, and not a group
    found = names(value)

    assert len(found) == len({name.lower() for name in found}) == len(value)
    for name in found:
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
        assert 0 < len(name) <= 80
        assert name[0] not in ".-"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "data", "11", "result"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["teeth", "result", "more"]), JSON))
def test_any_answer_gives_meshes_or_is_refused(answer):
    try:
        found = delivered_meshes(answer, PLY)
    except RemoteRejectedError:
        return
    assert all(mesh.data and mesh.type == "ply" for mesh in found)


def test_more_meshes_than_there_can_be_are_refused():
    assert len(names([node()] * 1000)) == 1000
    with pytest.raises(RemoteRejectedError, match="1000"):
        names([node()] * 1001)
    with pytest.raises(RemoteRejectedError, match="1000"):
        names([1] * 1001)


def test_a_mesh_does_not_show_its_content():
    assert "planted" not in repr(DeliveredMesh("teeth", "11", "ply", "urn:planted"))
