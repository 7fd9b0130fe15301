import base64
import json
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.errors import InputError
from imaging.gateway import GatewayOptions
from imaging.gateway.access.links import Link, sign_link, verify_link
from tests.imaging.gateway.access.apps import NOW, lay_file

WEEK_S = 7 * 86_400


@pytest.fixture
def path(options):
    return lay_file(options.data_root, "output/P1/scans/CT head.nii.gz")


def encoded(claims: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()


def test_a_link_says_what_it_allows_and_until_when(options, path):
    link = sign_link(options, [path], 60, NOW)

    assert verify_link(options, link, NOW) == Link(frozenset({path}), int(NOW) + 60)
    assert verify_link(options, link, NOW + 59) is not None
    assert verify_link(options, link, NOW + 60) is None


def test_a_link_lives_for_a_quarter_of_an_hour_unless_told(options, path):
    link = sign_link(options, [path], now=NOW)

    assert verify_link(options, link, NOW + 899) is not None
    assert verify_link(options, link, NOW + 900) is None


@pytest.mark.parametrize("lifetime_s", [0, -1, WEEK_S + 1, float("nan"), float("inf")])
def test_no_link_lives_longer_than_a_week(options, path, lifetime_s):
    with pytest.raises(InputError, match="7 days"):
        sign_link(options, [path], lifetime_s, NOW)


def test_the_key_is_for_its_owner_only_and_all_links_end_with_it(options, path):
    link = sign_link(options, [path], 60, NOW)
    key = options.state / "link-key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(key.read_bytes()) == 32

    key.unlink()
    assert verify_link(options, link, NOW) is None
    assert not key.exists()
    again = sign_link(options, [path], 60, NOW)
    assert again != link
    assert verify_link(options, link, NOW) is None


def test_processes_that_start_together_agree_on_the_key(options, path):
    with ThreadPoolExecutor(8) as pool:
        links = list(pool.map(lambda _: sign_link(options, [path], 60, NOW), range(16)))

    assert len(set(links)) == 1
    assert [found.name for found in options.state.iterdir()] == ["link-key"]


def test_another_gateways_link_is_worth_nothing(options, path, tmp_path):
    other = GatewayOptions(data_root=tmp_path / "other")
    lay_file(other.data_root, path)
    sign_link(other, [path], 60, NOW)

    assert verify_link(other, sign_link(options, [path], 60, NOW), NOW) is None


def test_claims_cannot_be_changed(options, path):
    payload, signature = sign_link(options, [path], 60, NOW).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    longer = encoded({**claims, "expires": claims["expires"] + 3600})
    wider = encoded({**claims, "files": [path, "output/P2/CT.nii.gz"]})

    for forged in (
        f"{longer}.{signature}",
        f"{wider}.{signature}",
        f"{payload}.",
        f".{signature}",
        f"{payload}{signature}",
        f"{payload}=.{signature}",
        f"{payload}.{signature}=",
        f"{payload}.{signature}.{signature}",
        f"{payload}.{signature.lower()}",
        f"{payload}.{signature[:-1]}",
        f" {payload}.{signature}",
        f"{payload}.{signature}\n",
        f"{payload}.{signature}é",
        "",
        ".",
        encoded([1] * 1_000_000) + "." + signature,
    ):
        assert verify_link(options, forged, NOW) is None


@settings(max_examples=100, deadline=None)
@given(at=st.integers(0, 10_000), letter=st.sampled_from("AZaz09-_.=%\x00é"))
def test_no_letter_of_a_link_can_be_changed(tmp_path_factory, at, letter):
    options = GatewayOptions(data_root=tmp_path_factory.mktemp("root"))
    link = sign_link(options, [lay_file(options.data_root, "CT.nii")], 60, NOW)
    place = at % len(link)
    changed = link[:place] + letter + link[place + 1 :]

    assert (verify_link(options, changed, NOW) is not None) == (changed == link)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "output",  # a folder: its link would list it
        "output/P1/scans/",
        "output/P1/scans/none.nii.gz",
        "/output/P1/scans/CT head.nii.gz",
        "output/P1/../P1/scans/CT head.nii.gz",
        "output//P1/scans/CT head.nii.gz",
        "output/P1/scans/CT%20head.nii.gz",
        ".gateway/tokens.json",
        ".env",
    ],
)
def test_only_a_file_that_is_served_is_signed(options, path, wrong):
    lay_file(options.data_root, ".gateway/tokens.json")
    lay_file(options.data_root, ".env")

    with pytest.raises(InputError, match="path 2 is no file") as refused:
        sign_link(options, [path, wrong], 60, NOW)

    assert "P1" not in str(refused.value)


def test_a_link_has_a_bounded_number_of_files_and_letters(options, path):
    with pytest.raises(InputError, match="1 to 16 files"):
        sign_link(options, [], 60, NOW)
    with pytest.raises(InputError, match="1 to 16 files"):
        sign_link(options, [path] * 17, 60, NOW)
    long = [lay_file(options.data_root, f"{n}/{'x' * 200}/{'y' * 200}") for n in range(16)]
    with pytest.raises(InputError, match="too long"):
        sign_link(options, long, 60, NOW)
