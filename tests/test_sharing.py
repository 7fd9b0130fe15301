"""Who shares a process: files that share what is costly, and the tests of one file."""

from pathlib import Path

import pytest

from tests.sharing import _TOGETHER, ByFile


@pytest.fixture
def scope_of():
    return ByFile.__new__(ByFile)._split_scope


def test_tests_of_one_file_share_a_process_and_other_files_need_not(scope_of):
    assert scope_of("tests/a.py::test_b[c::d]") == scope_of("tests/a.py::Some::test_e")
    assert scope_of("tests/a.py::test_b") != scope_of("tests/c.py::test_b")


def test_files_that_use_what_is_made_once_share_a_process(scope_of, pytestconfig):
    """Each of them asks for it, and no other file does."""
    users = {
        path.relative_to(pytestconfig.rootpath).as_posix()
        for path in Path(__file__).parent.rglob("test_*.py")
        if "edge_files" in path.read_text() and path != Path(__file__)
    }

    assert users == {file for file, group in _TOGETHER.items() if group == "edges"}
    assert {scope_of(f"{file}::test_x") for file in users} == {"edges"}
