"""The script that makes .venv, with stand-ins for Python, uv and apt-get that note what they do."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "deployments" / "bootstrap.sh"
PYTHON = """#!/bin/sh
case "$*" in
*_base_executable*) echo "$0" ;;
*-venv*) echo python3.11-venv ;;
"-m venv .venv")
    mkdir -p .venv/bin && cp "$0" .venv/bin/python && cp "${0%/*}/uv" .venv/bin/uv
    if [ -e needs-package ]; then exit 1; fi
    echo venv >>asked ;;
-m*) exit 1 ;;
esac
"""
UV = '#!/bin/sh\necho "uv $2" >>asked\n[ ! -e offline ]\n'
APT = """#!/bin/sh
case "$1" in
install) echo "apt $4" >>asked; [ "$4" = "$(cat needs-package)" ] && rm needs-package ;;
*) exit 1 ;;
esac
"""
MADE = ["venv", "uv sync", "uv install"]


class Checkout:
    """A folder with the script in it."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        self.programs = programs

    def run(self, python: str = "") -> subprocess.CompletedProcess[str]:
        path = f"{self.programs}:{os.defpath}"
        return subprocess.run(
            ["/bin/sh", self.folder / "deployments" / "bootstrap.sh"],
            env={"PATH": path, "PYTHON": python or str(self.programs / "python3.11")},
            capture_output=True,
            text=True,
            check=False,
        )

    def asked(self) -> list[str]:
        """What was asked of the programs since the last time."""
        notes = self.folder / "asked"
        lines = notes.read_text().splitlines() if notes.exists() else []
        notes.unlink(missing_ok=True)
        return lines


@pytest.fixture
def checkout(tmp_path):
    folder, programs = tmp_path / "my checkout", tmp_path / "some programs"
    (folder / "deployments").mkdir(parents=True)
    shutil.copy(SCRIPT, folder / "deployments")
    for name in ("requirements.lock", "pyproject.toml"):
        (folder / name).write_text(name)
    programs.mkdir()
    stand_ins = {"python3.11": PYTHON, "uv": UV, "apt-get": APT, "id": "#!/bin/sh\necho 0\n"}
    for name, text in stand_ins.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    return Checkout(folder, programs)


def test_the_environment_is_made_once(checkout):
    assert checkout.run().returncode == 0
    assert checkout.asked() == MADE

    assert checkout.run().returncode == 0
    assert checkout.asked() == []


def test_other_packages_are_a_matter_of_uv(checkout):
    checkout.run()
    checkout.asked()
    (checkout.folder / "requirements.lock").write_text("other")

    assert checkout.run().returncode == 0
    assert checkout.asked() == MADE[1:]


@pytest.mark.parametrize("bring", [shutil.move, shutil.copytree])
def test_in_another_folder_it_is_made_anew(checkout, bring):
    checkout.run()
    checkout.asked()
    place = checkout.folder.with_name("elsewhere")
    bring(checkout.folder, place)
    there = Checkout(place, checkout.programs)

    assert there.run().returncode == 0
    assert there.asked() == MADE


def test_what_was_interrupted_is_made_anew(checkout):
    (checkout.folder / "offline").touch()
    assert checkout.run().returncode != 0
    checkout.asked()
    (checkout.folder / "offline").unlink()

    assert checkout.run().returncode == 0
    assert checkout.asked() == MADE


@pytest.mark.parametrize("is_made", [False, True])
@pytest.mark.parametrize("python", ["/nowhere/python3.11", "false"])
def test_a_python_that_is_named_and_does_not_fit_is_refused(checkout, python, is_made):
    if is_made:
        checkout.run()
        checkout.asked()

    refusal = checkout.run(python)

    assert refusal.returncode == 1
    assert f"PYTHON={python} " in refusal.stderr
    assert checkout.asked() == []


@pytest.mark.parametrize(
    ("package", "tried"),
    [
        ("python3.11-venv", ["apt python3.11-venv"]),
        ("python3-venv", ["apt python3.11-venv", "apt python3-venv"]),
    ],
)
def test_the_package_of_this_python_comes_before_the_default(checkout, package, tried):
    (checkout.folder / "needs-package").write_text(package)

    assert checkout.run().returncode == 0
    assert checkout.asked() == [*tried, *MADE]


def test_a_package_that_cannot_be_installed_is_named(checkout):
    (checkout.folder / "needs-package").write_text("none")

    refusal = checkout.run()

    assert refusal.returncode == 1
    assert "apt-get install python3.11-venv" in refusal.stderr
    assert not (checkout.folder / ".venv").exists()


def test_whoever_waited_for_another_makes_nothing(checkout):
    """The other one holds the lock, and ends with .venv complete."""
    checkout.run()
    checkout.asked()
    stamp = checkout.folder / ".venv" / ".made-from"
    stamp.rename(stamp.with_name("stamp"))
    flock = checkout.programs / "flock"
    flock.write_text("#!/bin/sh\nmv .venv/stamp .venv/.made-from\n")
    flock.chmod(0o755)

    assert checkout.run().returncode == 0
    assert checkout.asked() == []
