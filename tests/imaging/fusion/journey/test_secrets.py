"""A token, signed addresses and patients' names are planted, and nothing tells them."""

import io
import logging
import traceback
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast
from urllib.parse import quote

import pytest
import trimesh

from imaging.dicom.deidentify import Deidentifier
from imaging.errors import ImagingError, InputError
from imaging.fusion.callbacks import callback_token
from imaging.fusion.journey import (
    Collected,
    FusionCase,
    FusionClient,
    FusionSpecification,
    JobState,
    adopt_run,
    look_after,
    prepare,
    rehearse,
    wait_inline,
)
from imaging.fusion.place import work_folder
from imaging.phantoms.cbct import Cbct
from imaging.phantoms.dental import SmallCase, small_case
from tests.imaging.fusion.journey.lab import CALLBACK_KEY, FEW, Lab, patient

NAME = "QUILLFEATHER"
TOKEN = "planted-and-never-told"  # noqa: S105  # pragma: allowlist secret


@pytest.fixture(scope="module")
def named_files(tmp_path_factory) -> SmallCase:
    """Inputs whose paths, headers, groups and attributes hold a patient's name."""
    folder = tmp_path_factory.mktemp(NAME)
    files = small_case(folder, Cbct(slices=104, matrix=108, patient_name=f"{NAME}^CBCT"))
    stl = folder / f"{NAME}_upper.stl"
    content = bytearray(files.upper.read_bytes())
    content[:80] = f"{NAME}^JANE 1970-01-01".encode().ljust(80)
    stl.write_bytes(content)
    obj = folder / f"{NAME}_lower.obj"
    lower = trimesh.load_mesh(files.lower, process=False)
    text = cast("str", lower.export(file_type="obj"))
    obj.write_text(f"# {NAME}\no {NAME}\ng {NAME}\n" + text)
    return SmallCase(stl, obj, files.cbct)


class Ears:
    """Hears all that is logged, with tracebacks, and all that is raised."""

    def __init__(self) -> None:
        self.heard = io.StringIO()
        self.raised = 0

    @contextmanager
    def raising(self, *kinds: type[BaseException]) -> Iterator[None]:
        with pytest.raises(kinds or ImagingError) as caught:
            yield
        self.raised += 1
        error: BaseException | None = caught.value
        self.heard.write("".join(traceback.format_exception(caught.value)))
        while error is not None:
            self.heard.write(f"{error!s} {error!r}\n")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


@pytest.fixture
def ears():
    """Everything that is told, by any library, at any level."""
    ears, root = Ears(), logging.getLogger()
    handler = logging.StreamHandler(ears.heard)
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield ears
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
def lab(tmp_path, named_files):
    options = replace(FEW, token=TOKEN)
    with Lab(tmp_path / "data", named_files, options, has_callbacks=True) as lab:
        yield lab


@pytest.fixture
def signatures(lab, monkeypatch):
    """Every signature that the vendor's storage gave away or compared."""
    made, sign = set(), lab.vendor._storage._signature

    def signed(path, expires):
        signature = sign(path, expires)
        made.update({signature, quote(signature), quote(signature, safe="")})
        return signature

    monkeypatch.setattr(lab.vendor._storage, "_signature", signed)
    return made


def checked(lab, number=0):
    files = lab.files
    case = FusionCase("case-1", files.upper, files.lower, files.cbct)
    return prepare(case, FusionSpecification(further_inputs={"n": number}))


def on_disk(folder):
    """Return all that files hold, and what zips in them hold."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        yield path.name.encode() + path.read_bytes()
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as packed:
                yield from (packed.read(name) for name in packed.namelist())


def needles(signatures, *keys):
    tokens = {callback_token(CALLBACK_KEY, key) for key in keys}
    addresses = {"Signature=", "/callbacks/fusion/"}
    return {TOKEN, NAME, NAME.lower(), CALLBACK_KEY.decode(), *tokens, *signatures, *addresses}


def test_a_life_with_every_fault_tells_no_secret_and_no_name(lab, ears, signatures):
    vendor = lab.vendor
    rehearsed = rehearse(checked(lab), lab.root, Deidentifier(b"k" * 32))
    prepared, lost, failed = checked(lab), checked(lab, 1), checked(lab, 2)
    packed: list[bytes] = []

    def look(step, _):
        if step == "packed":
            packed.extend(on_disk(work_folder(prepared.key, lab.root)))

    hand_in = {"deidentifier": Deidentifier(b"k" * 32), "progress": look}
    vendor.plan("upload_url", 503, "junk", "wrong", "expired")
    with ears.raising():
        lab.submit(prepared, **hand_in)
    for fault in (403, "lost"):
        vendor.plan("put", *[fault] * 9)
        with ears.raising():
            lab.submit(prepared, **hand_in)
        while vendor._plans.take("put"):
            pass
    for status in (422, 429):
        vendor.plan("run", status)
        with ears.raising():
            lab.submit(prepared, **hand_in)
    vendor.plan("callback", "twice")
    job = lab.submit(prepared, **hand_in)
    vendor.plan("run", "lost")
    vendor.plan("callback", "never")
    uncertain = lab.submit(lost, **hand_in)
    assert uncertain.state is JobState.UNCERTAIN
    with ears.raising():
        adopt_run(uncertain.key, "f" * 32, lab.ledger, lab.client)
    adopt_run(uncertain.key, vendor.runs[-1].run_id, lab.ledger, lab.client)
    vendor.plan("result", f"failed see {vendor.files_url}/x?Signature=planted {TOKEN}")
    wait_inline(lab.submit(failed, **hand_in), ledger=lab.ledger, client=lab.client)
    for endpoint in ("status", "data", "download"):
        vendor.plan(endpoint, *["junk", "short", "redirect", 503, "lost", "wrong"] * 4)
        with ears.raising():
            lab.collect(job.key)
        while vendor._plans.take(endpoint):
            pass
    done = lab.collect(job.key)
    assert isinstance(done, Collected)
    look_after(
        lab.ledger,
        lambda _: FusionClient(lab.connection, sleep=patient),
        lambda job: lab.collect(job.key),
        cast("Any", pytest.fail),
        now=lab.clock,
    )

    assert ears.raised == 9
    keys = (prepared.key, lost.key, failed.key)
    told = ears.heard.getvalue() + repr((done, rehearsed, lab.ledger.jobs(), prepared.rows()))
    told += rehearsed.to_markdown() + repr(lab.connection)
    secret = needles(signatures, *keys)
    assert len(told) > 10_000
    assert len(signatures) > 10
    assert [needle for needle in secret if needle in told.replace(str(lab.files.upper), "")] == []
    assert len(packed) > 200
    kept = [*on_disk(lab.root), *packed]
    assert [needle for needle in secret for content in kept if needle.encode() in content] == []
    assert [
        path.name for path in lab.vendor.uploads if NAME in path.read_bytes().decode("latin1")
    ] == []


def test_refusals_of_inputs_name_neither_path_nor_patient(ears, tmp_path):
    garbage = tmp_path / f"{NAME}.stl"
    garbage.write_bytes(f"solid {NAME}\n".encode() * 50)
    absent = tmp_path / NAME / "absent"

    with ears.raising(InputError):
        prepare(FusionCase("case", garbage, absent, absent), FusionSpecification())
    with ears.raising(InputError):
        prepare(FusionCase("case", absent, garbage, garbage), FusionSpecification())

    told = ears.heard.getvalue()
    assert all(label in told for label in ("upper scan", "lower scan", "CBCT"))
    assert NAME not in told.replace(f"{__file__}", "")
