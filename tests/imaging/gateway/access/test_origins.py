import pytest

from imaging.errors import SettingError
from imaging.gateway.access.origins import checked_origins, is_loopback_name


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8888",
        "localhost.:80",
        "viewer.localhost",
        "127.0.0.1",
        "127.9.9.9:1",
        "[::1]:8888",
        "[::1]",
    ],
)
def test_names_of_this_machine(host):
    assert is_loopback_name(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost.example",
        "notlocalhost",
        "127.0.0.1.example",
        "127.1",
        "2130706433",
        "0.0.0.0",  # noqa: S104
        "192.168.0.1",
        "::1",
        "[::2]",
        "evil@localhost",
        "localhost:80:80",
        "localhost/",
        "localhost\n",
        "localhost, evil.example",
    ],
)
def test_names_of_others(host):
    assert not is_loopback_name(host)


def test_origins_are_taken_as_browsers_spell_them():
    origins = ("https://viewer.example", "http://localhost:3000", "http://[::1]:3000")

    assert checked_origins(origins) == origins


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "null",
        "viewer.example",
        "https://*.example",
        "https://viewer.example/",
        "https://Viewer.example",
        "https://viewer.example:443",
        "http://viewer.example:80",
        "https://a@viewer.example",
        "https://viewer.example?x",
        "file://",
        "https://bücher.example",
        "https://viewer.example\n",
    ],
)
def test_an_origin_that_could_never_match_or_match_anybody_is_refused(origin):
    with pytest.raises(SettingError, match="IMAGING_GATEWAY_ORIGINS"):
        checked_origins(["https://good.example", origin])
