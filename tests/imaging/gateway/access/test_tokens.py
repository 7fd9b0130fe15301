import hashlib
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from imaging.errors import InputError
from imaging.gateway.access.tokens import (
    DAY_S,
    TokenStore,
    add_token,
    read_tokens,
    revoke_token,
)
from tests.imaging.gateway.access.apps import NOW


def test_a_token_is_found_by_what_was_shown_and_nothing_else(tmp_path):
    given = add_token(tmp_path, "pacs", ["read"], 30, NOW)
    other = add_token(tmp_path, "vendor", ["run", "read"], 30, NOW)
    store = TokenStore(tmp_path)

    assert given.startswith("ifg_")
    assert given != other
    found = [store.find(token.encode(), NOW) for token in (given, other)]
    assert [token and token.name for token in found] == ["pacs", "vendor"]
    assert [token and token.scopes for token in found] == [("read",), ("read", "run")]
    for wrong in (given[:-1], given + "A", given.lower(), "", "ifg_" + "A" * 43, f" {given}"):
        assert store.find(wrong.encode(), NOW) is None


def test_at_rest_there_is_a_hash_and_nobody_else_reads_it(tmp_path):
    state = tmp_path / "root" / ".gateway"
    given = add_token(state, "pacs", ["read"], 30, NOW)

    path = state / "tokens.json"
    assert given not in path.read_text()
    assert given[4:] not in path.read_text()
    assert hashlib.sha256(given.encode()).hexdigest() in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert not list(state.glob("*.part"))


def test_a_folder_that_was_open_to_others_is_closed(tmp_path):
    tmp_path.chmod(0o755)

    add_token(tmp_path, "pacs", ["read"], 30, NOW)

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_a_token_is_good_until_the_second_it_expires(tmp_path):
    given = add_token(tmp_path, "pacs", ["read"], 1, NOW).encode()
    store = TokenStore(tmp_path)

    assert store.find(given, NOW + DAY_S - 1) is not None
    assert store.find(given, NOW + DAY_S) is None


def test_a_running_store_sees_what_commands_do(tmp_path):
    store = TokenStore(tmp_path)
    assert not store.exists
    given = add_token(tmp_path, "pacs", ["read"], 1, NOW).encode()
    assert store.find(given, NOW) is not None

    revoke_token(tmp_path, "pacs")

    assert store.find(given, NOW) is None
    assert store.exists, "the last revocation must not open a gateway on loopback"


def test_a_damaged_file_lets_nobody_in_and_is_not_written_over(tmp_path, caplog):
    given = add_token(tmp_path, "pacs", ["read"], 1, NOW).encode()
    store = TokenStore(tmp_path)
    assert store.find(given, NOW) is not None
    path = tmp_path / "tokens.json"
    path.write_text(path.read_text()[:-20])

    assert store.find(given, NOW) is None
    assert store.exists
    assert "no token is valid" in caplog.text
    with pytest.raises(InputError, match="damaged"):
        add_token(tmp_path, "other", ["read"], 1, NOW)
    with pytest.raises(InputError, match="damaged"):
        revoke_token(tmp_path, "pacs")


def test_commands_at_the_same_time_lose_no_token(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: add_token(tmp_path, f"t{n}", ["read"], 1, NOW), range(24)))

    names = {token.name for token in read_tokens(tmp_path / "tokens.json")}
    assert names == {f"t{n}" for n in range(24)}


@pytest.mark.parametrize(
    "name", ["", "local", "link", "-", "two words", "a\nb", "ü", "x" * 65, "<b>", "a\n"]
)
def test_a_name_fits_into_one_line_of_a_log(tmp_path, name):
    with pytest.raises(InputError, match="name is"):
        add_token(tmp_path, name, ["read"], 1, NOW)


@pytest.mark.parametrize("days", [0, -1, 367])
def test_no_token_lives_for_ever(tmp_path, days):
    with pytest.raises(InputError, match="366 days"):
        add_token(tmp_path, "pacs", ["read"], days, NOW)


def test_a_name_is_taken_once_and_a_token_can_do_something(tmp_path):
    add_token(tmp_path, "pacs", ["read"], 1, NOW)

    with pytest.raises(InputError, match="of this name"):
        add_token(tmp_path, "pacs", ["run"], 1, NOW)
    with pytest.raises(InputError, match="scope"):
        add_token(tmp_path, "other", [], 1, NOW)
    with pytest.raises(InputError, match="no token of this name"):
        revoke_token(tmp_path, "other")
