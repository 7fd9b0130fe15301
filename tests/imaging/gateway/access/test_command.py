import argparse
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from imaging.errors import InputError, SettingError
from imaging.gateway import GatewayOptions
from imaging.gateway.access.command import add_commands
from imaging.gateway.access.links import verify_link
from imaging.gateway.access.tokens import TokenStore
from imaging.settings import settings
from tests.imaging.gateway.access.apps import client_of, lay_file


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command on a data root of the test's own."""
    monkeypatch.setenv("IMAGING_DATA_ROOT", str(tmp_path))
    monkeypatch.setenv("IMAGING_GATEWAY_URL", "https://gateway.example/")
    settings.cache_clear()

    def run_command(*words: str) -> int:
        parser = argparse.ArgumentParser()
        add_commands(parser.add_subparsers(required=True))
        arguments = parser.parse_args(words)
        return int(arguments.run(arguments))

    yield run_command
    settings.cache_clear()


def test_a_token_is_shown_once_and_works(run, capsys, exposed):
    assert run("token", "add", "pacs", "--scope", "read", "--scope", "run", "--days", "2") == 0
    shown = capsys.readouterr()
    token = shown.out.strip()
    assert token.startswith("ifg_")
    assert token not in shown.err
    [kept] = TokenStore(exposed.state).tokens()
    assert kept.scopes == ("read", "run")
    assert kept.expires - kept.created == 2 * 86_400

    assert run("token", "list") == 0
    listed = capsys.readouterr().out
    assert listed.startswith("pacs\tread,run\tuntil 20")
    assert token not in listed
    assert kept.sha256 not in listed

    assert run("token", "revoke", "pacs") == 0
    assert TokenStore(exposed.state).tokens() == ()


def test_a_token_reads_only_unless_told(run, capsys, exposed):
    run("token", "add", "pacs")

    assert TokenStore(exposed.state).tokens()[0].scopes == ("read",)
    assert capsys.readouterr().out.count("\n") == 1


def test_an_expired_token_is_listed_as_such(run, capsys, exposed):
    run("token", "add", "pacs")
    path = TokenStore(exposed.state).path
    kept = TokenStore(exposed.state).tokens()[0]
    path.write_text(path.read_text().replace(str(kept.expires), "1000"))
    capsys.readouterr()

    run("token", "list")

    assert capsys.readouterr().out == "pacs\tread\texpired 1970-01-01 00:16 UTC\n"


def test_a_link_is_a_whole_address(run, capsys, exposed):
    path = lay_file(exposed.data_root, "P1/CT & head.nii.gz")
    assert run("link", path, "--minutes", "5") == 0

    address = urlsplit(capsys.readouterr().out.strip())
    assert address.netloc == "gateway.example"
    assert address.path == "/files/P1/CT%20%26%20head.nii.gz"
    answer = client_of(exposed, time.time).get(f"{address.path}?{address.query}")
    assert answer.status_code == 200
    link = parse_qs(address.query)["link"][0]
    assert verify_link(exposed, link, time.time() + 301) is None
    assert verify_link(exposed, link, time.time() + 200) is not None


def test_a_link_to_the_viewer_opens_both_files(run, capsys, exposed):
    image = lay_file(exposed.data_root, "P1/CT.nii.gz")
    labels = lay_file(exposed.data_root, "P1/a+b.nii.gz")
    run("link", image, labels, "--view")

    address = urlsplit(capsys.readouterr().out.strip())
    fields = parse_qs(address.query)
    assert address.path == "/view"
    assert fields["image"] == [image]
    assert fields["labels"] == [labels]
    link = verify_link(exposed, fields["link"][0], 0)
    assert link is not None
    assert link.files == {image, labels}


def test_without_an_address_for_others_a_link_is_for_here(run, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("IMAGING_GATEWAY_URL", "")
    monkeypatch.setenv("IMAGING_GATEWAY_HOST", "::1")
    settings.cache_clear()
    root = tmp_path / "other"
    run("link", lay_file(root, "CT.nii"), "--data-root", str(root))

    assert capsys.readouterr().out.startswith("http://[::1]:8888/files/CT.nii?link=")
    assert GatewayOptions(data_root=root).state.is_dir()


def test_three_files_are_no_image_with_labels(run, exposed):
    paths = [lay_file(exposed.data_root, f"{n}.nii") for n in range(3)]

    with pytest.raises(InputError, match="one image and one label map"):
        run("link", *paths, "--view")


def test_a_link_never_says_every_address(run, exposed, monkeypatch):
    monkeypatch.setenv("IMAGING_GATEWAY_URL", "")
    monkeypatch.setenv("IMAGING_GATEWAY_HOST", "0.0.0.0")  # noqa: S104
    settings.cache_clear()

    with pytest.raises(SettingError, match="IMAGING_GATEWAY_URL"):
        run("link", lay_file(exposed.data_root, "CT.nii"))
