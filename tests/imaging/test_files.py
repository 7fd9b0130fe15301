import stat
from pathlib import Path

import pytest

from imaging.files import whole_file, write_json, write_whole


def test_a_file_appears_when_the_block_ends(tmp_path):
    target = tmp_path / "new" / "result.json"

    with whole_file(target) as part:
        part.write_bytes(b"content")
        assert not target.exists()
        assert part.parent == target.parent
        assert part.name.endswith(".json")
        inode = part.stat().st_ino

    assert target.read_bytes() == b"content"
    assert target.stat().st_ino == inode, "copied, so for a moment there was half a file"
    assert [path.name for path in target.parent.iterdir()] == ["result.json"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_interrupted_block_leaves_what_was_there(tmp_path, error):
    target = write_whole(tmp_path / "result.txt", "old")

    def interrupted():
        with whole_file(target) as part:
            part.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        interrupted()

    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["result.txt"]


def test_a_result_is_an_ordinary_file(tmp_path):
    ordinary = tmp_path / "ordinary"
    ordinary.touch()

    target = write_whole(tmp_path / "target", b"")

    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE(ordinary.stat().st_mode)


def test_text_is_written_as_utf8(tmp_path):
    assert write_whole(tmp_path / "text", "Größe").read_bytes() == "Größe".encode()


def test_json_is_readable(tmp_path):
    text = write_json(tmp_path / "value.json", {"Größe": [1, None]}).read_text(encoding="utf-8")

    assert '"Größe": [\n' in text


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_that_no_other_program_reads_is_refused(tmp_path: Path, value):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "value.json", {"dose": value})

    assert not list(tmp_path.iterdir())
