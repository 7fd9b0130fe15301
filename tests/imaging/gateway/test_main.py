"""`python -m imaging.gateway`: what a person types, in a process of its own."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time

import httpx
import pytest

from imaging.gateway.__main__ import main
from tests.imaging.gateway.bodies import slice_bytes
from tests.imaging.gateway.servers import ask

ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")


@contextlib.contextmanager
def started(data_root, log, *options):
    """Run the command, and give its process and port, for the block."""
    command = [sys.executable, "-m", "imaging.gateway", "--port", "0"]
    environment = os.environ | {"IMAGING_GATEWAY_HOST": "127.0.0.1"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--data-root", str(data_root), *options], env=environment, stderr=output
        )
        try:
            yield process, _port(process, log)
        finally:
            process.kill()
            process.wait(20)


def _port(process, log):
    until = time.monotonic() + 60
    while (found := ADDRESS.search(log.read_text())) is None:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until
        time.sleep(0.02)
    return int(found[1])


def test_it_serves_says_where_ends_when_told_and_logs_no_names(data_root, tmp_path):
    log = tmp_path / "log"
    (data_root / "Planted^Name.txt").write_text("content")
    (data_root / "Planted.nii").write_text("no label map")
    with started(data_root, log, "--no-listing") as (process, port):
        assert ask(port, "/files/Planted%5EName.txt?planted=1").body == b"content"
        assert ask(port, "/filtered/Planted.nii?label_ids=1").status == 422
        assert ask(port, "/labels/Planted.nii?labels=planted").status == 422
        assert ask(port, "/files/").status == 404
        _anonymize(port)
        answer = ask(port, "/health")
        assert ask(port, "/Planted HTTP/9.9\x00 x").status == 400

        process.send_signal(signal.SIGTERM)

        assert process.wait(20) == -signal.SIGTERM or process.returncode == 0
    assert "server" not in answer.headers
    said = log.read_text()
    assert "planted" not in said.casefold()
    assert str(data_root) not in said
    assert "Traceback" not in said


def _anonymize(port):
    """Send what pydicom warns of, quoting it, whether it is refused then or not."""
    named = slice_bytes(SpecificCharacterSet="ISO_IR 100").replace(b"ISO_IR 100", b"PLANTED   ")
    headers = {"Content-Type": "application/dicom"}
    address = f"http://127.0.0.1:{port}/anonymize"
    assert httpx.post(address, content=named, headers=headers, timeout=20).status_code in {200, 422}


def test_it_does_not_start_where_others_could_call_without_a_token(data_root, capsys):
    status = main(["--host", "0.0.0.0", "--port", "0", "--data-root", str(data_root)])  # noqa: S104

    assert status == 2
    assert "token add" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["65536", "-1", "http", "1.5"])
def test_a_port_that_is_none_is_refused(data_root, capsys, port):
    with pytest.raises(SystemExit):
        main([f"--port={port}", "--data-root", str(data_root)])

    assert "from 0 to 65535" in capsys.readouterr().err


def test_a_data_root_that_is_no_folder_is_said_to_be_none(data_root, capsys):
    assert main(["--port", "0", "--data-root", str(data_root / "ten.txt")]) == 2

    assert "IMAGING_DATA_ROOT" in capsys.readouterr().err


def test_tokens_are_made_by_the_same_command(data_root, capsys):
    assert main(["token", "add", "viewer", "--data-root", str(data_root)]) == 0
    assert main(["token", "list", "--data-root", str(data_root)]) == 0

    assert "viewer" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"]])
def test_help_says_what_there_is(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == 0
    assert "serve" in capsys.readouterr().out
