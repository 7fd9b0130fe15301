"""Debian's packages are installed without a service that nobody asked for."""

import os
import subprocess

from deployments import debian


def run_script(script, place, *packages):
    """Run the real script against a folder, with stand-ins for the two programs it calls."""
    command = ["/bin/sh", "-c", script, "install", *packages]
    path = f"{place}:{os.environ['PATH']}"
    subprocess.run(command, env={"PATH": path}, check=True, capture_output=True)


def test_the_script_forbids_a_service_only_while_it_installs(tmp_path):
    script = debian._SCRIPT.replace("/usr/sbin", str(tmp_path))
    for name in ("apt-get", "systemctl"):
        stand_in = tmp_path / name
        stand_in.write_text(
            f'#!/bin/sh\necho "{name} $* policy=$(cat {tmp_path}/policy-rc.d | tail -1)" '
            f">>{tmp_path}/calls\n"
        )
        stand_in.chmod(0o755)

    run_script(script, tmp_path, "one", "two")

    calls = (tmp_path / "calls").read_text().splitlines()
    verbs = [line.split()[1] for line in calls]
    assert verbs == ["update", "install", "disable", "disable"]
    assert "--no-install-recommends one two policy" in calls[1]
    assert [line.split()[3] for line in calls[2:]] == ["one", "two"]
    assert all("policy=exit 101" in line for line in calls)
    assert not (tmp_path / "policy-rc.d").exists()


def test_the_script_keeps_a_policy_that_was_there(tmp_path):
    script = debian._SCRIPT.replace("/usr/sbin", str(tmp_path))
    (tmp_path / "policy-rc.d").write_text("theirs")
    for name in ("apt-get", "systemctl"):
        (tmp_path / name).symlink_to("/bin/true")

    run_script(script, tmp_path, "one", "two")

    assert (tmp_path / "policy-rc.d").read_text() == "theirs"
