import csv
import io
import stat

import pytest

from imaging.dicom import crosswalk
from imaging.dicom.crosswalk import Crosswalk, CrosswalkRow, main, read
from imaging.errors import InputError
from imaging.files import held

KEY = "correct horse battery staple"
ROWS = [
    CrosswalkRow("patient", "Müller-17", "P0123456789ABCDEF"),
    CrosswalkRow("study", "1.2.3", "2.25.4"),
]


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """The cost of a guess is the same thing at any size."""
    monkeypatch.setattr(crosswalk, "_MEMORY_COST", 1 << 4)


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "project" / "data"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def written(tmp_path, data):
    path = tmp_path / "safe" / "crosswalk"
    Crosswalk(reversed(ROWS)).write(path, KEY, beside=data)
    return path


def test_the_rows_come_back_sorted(written):
    assert read(written, KEY) == ROWS


def test_the_key_may_be_bytes(written):
    assert read(written, KEY.encode()) == ROWS


def test_nothing_on_disk_can_be_read(written):
    content = b"".join(path.read_bytes() for path in written.parent.iterdir())

    for value in (value for row in ROWS for value in row):
        assert value.encode() not in content


def test_only_its_owner_can_read_the_file(written):
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


def test_two_files_of_the_same_rows_and_passphrase_have_nothing_in_common(written, data):
    other = written.with_name("other")

    Crosswalk(ROWS).write(other, KEY, beside=data)

    head = len(b"IMAGING-CROSSWALK-1\n")
    assert other.read_bytes()[head : head + 16] != written.read_bytes()[head : head + 16]
    assert other.read_bytes()[head + 40 :] != written.read_bytes()[head + 40 :]


def test_rows_are_added_to_those_in_the_file_each_once(written, data):
    more = Crosswalk(ROWS[:1])
    more.add("patient", "Ng-2", "PFEDCBA9876543210")

    more.write(written, KEY, beside=data)

    assert read(written, KEY) == sorted([*ROWS, ("patient", "Ng-2", "PFEDCBA9876543210")])


def test_a_wrong_passphrase_overwrites_nothing(written, data):
    before = written.read_bytes()

    with pytest.raises(InputError, match="does not open"):
        Crosswalk().write(written, "another passphrase", beside=data)

    assert written.read_bytes() == before


@pytest.mark.parametrize("place", [-1, 25, 60])
def test_a_damaged_file_is_not_believed(written, place):
    content = bytearray(written.read_bytes())
    content[place] ^= 1
    written.write_bytes(content)

    with pytest.raises(InputError, match="damaged"):
        read(written, KEY)


@pytest.mark.parametrize("content", [b"", b"kind,original,pseudonym\n"])
def test_another_file_is_refused_and_kept(tmp_path, data, content):
    path = tmp_path / "safe.csv"
    path.write_bytes(content)

    with pytest.raises(InputError, match="no crosswalk"):
        Crosswalk(ROWS).write(path, KEY, beside=data)

    assert path.read_bytes() == content


@pytest.mark.parametrize("key", ["", "fifteen letters", b"fifteen letters"])
def test_a_passphrase_that_can_be_guessed_is_refused(tmp_path, data, key):
    with pytest.raises(InputError, match="at least 16"):
        Crosswalk(ROWS).write(tmp_path / "crosswalk", key, beside=data)

    assert not (tmp_path / "crosswalk").exists()


def test_a_passphrase_is_the_same_however_its_accents_were_typed(written, data):
    path = written.with_name("accents")
    Crosswalk(ROWS).write(path, "geheimer Schlüssel", beside=data)

    assert read(path, "geheimer Schlu\u0308ssel") == ROWS


@pytest.mark.parametrize("place", ["data/crosswalk", "data/deep/down/crosswalk", "crosswalk"])
def test_it_does_not_lie_where_it_would_go_along_with_the_data(data, place):
    path = data.parent / place

    with pytest.raises(InputError, match="must not lie"):
        Crosswalk(ROWS).write(path, KEY, beside=data)

    assert not path.exists()


def test_a_link_into_the_data_is_followed(tmp_path, data):
    (tmp_path / "link").symlink_to(data)

    with pytest.raises(InputError, match="must not lie"):
        Crosswalk(ROWS).write(tmp_path / "link" / "crosswalk", KEY, beside=data)


def test_no_row_is_lost_to_another_writer(written, data):
    before = written.read_bytes()

    lock = held(written.with_name(f".{written.name}.lock"), AssertionError())
    with lock, pytest.raises(InputError, match="in use"):
        Crosswalk([("patient", "a", "b")]).write(written, KEY, beside=data)

    assert written.read_bytes() == before


def test_the_command_prints_csv(written, monkeypatch, capsys):
    monkeypatch.setenv(crosswalk.KEY_VARIABLE, KEY)

    assert main([str(written)]) == 0

    printed = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert printed == [["kind", "original", "pseudonym"], *map(list, ROWS)]


def test_the_command_asks_for_the_passphrase(written, monkeypatch, capsys):
    monkeypatch.delenv(crosswalk.KEY_VARIABLE, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda _: KEY)

    assert main([str(written)]) == 0
    assert "Müller-17" in capsys.readouterr().out


def test_an_identifier_of_broken_text_can_be_printed(written, data, monkeypatch, capsys):
    monkeypatch.setenv(crosswalk.KEY_VARIABLE, KEY)
    Crosswalk([("patient", "\udcff1", "P")]).write(written, KEY, beside=data)

    assert main([str(written)]) == 0
    assert "\\udcff1" in capsys.readouterr().out


@pytest.mark.parametrize("key", [KEY[::-1], "short"])
def test_the_command_fails_without_the_passphrase(written, monkeypatch, capsys, key):
    monkeypatch.setenv(crosswalk.KEY_VARIABLE, key)

    assert main([str(written)]) == 2

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: the ")


def test_the_command_fails_without_a_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(crosswalk.KEY_VARIABLE, KEY)

    assert main([str(tmp_path / "absent")]) == 2
    assert capsys.readouterr().err == "error: No such file or directory\n"
