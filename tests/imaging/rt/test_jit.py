"""Machine code is kept for exactly the sources that it was made from."""

import subprocess
import sys
from pathlib import Path

import pytest

from imaging.rt import jit


@pytest.fixture
def sources(tmp_path, monkeypatch):
    monkeypatch.setattr(jit, "_HERE", tmp_path)
    (tmp_path / "kernel.py").write_text("@compiled\ndef a(): ...")
    (tmp_path / "plain.py").write_text("def b(): ...")
    return tmp_path


def test_a_change_in_any_compiled_source_makes_other_code(sources):
    before = jit._checksum()
    (sources / "plain.py").write_text("def c(): ...")
    assert jit._checksum() == before

    (sources / "kernel.py").write_text("@compiled\ndef a(): return 1")
    assert jit._checksum() != before


def test_the_code_lies_where_it_can_be_written(sources, monkeypatch, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(elsewhere))
    assert jit._cache_folder() == elsewhere / f"numba-{jit._checksum()}"

    (sources / "a-file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(sources / "a-file"))
    assert jit._cache_folder() == sources / "__pycache__" / f"numba-{jit._checksum()}"


def test_warming_up_leaves_code_for_the_next_process(tmp_path):
    """The processes are other ones, as this one has compiled everything already."""
    environment = {"NUMBA_CACHE_DIR": str(tmp_path), "PATH": "", "HOME": str(tmp_path)}
    root = Path(jit.__file__).parents[2]
    subprocess.run(
        [sys.executable, "-m", "imaging.rt.warm"],
        cwd=root,
        env=environment,
        check=True,
        timeout=240,
    )
    kept = {path.name.split("-")[0] for path in tmp_path.rglob("*.nbc")}

    assert {"histogram.fill_histogram", "extremes.dose_range", "decimals._read"} <= kept
