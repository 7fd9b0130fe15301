"""Bringing patients to disk: against the limit of this machine, and how much memory it takes."""

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from benchmarks.loopback import sending
from benchmarks.measure import Method, Rounds, compare
from benchmarks.report import (
    at_least,
    at_most,
    show_costs,
    show_figure,
    show_ratio,
    show_ratio_headings,
    show_title,
)
from benchmarks.servers import (
    Reachable,
    fill,
    open_archive,
    orthanc_settings,
    patients_of,
    pid_of,
    running,
)
from deployments.orthanc_server import OrthancServer
from deployments.processes import clean_environment
from imaging.dicom import InstanceRow, PatientRow
from imaging.phantoms import PhantomPatient, PhantomSize

_WADO = "this project, WADO-RS"
_SINGLY = "this project, a server without DICOMweb"
_LIMIT = "limit: loopback TCP to files"
_GZIP = "httpx, 8 connections, accepts gzip as by default"
_ROUNDS = 15  # making files takes now 0.1 ms each, now 0.7: the filesystem's doing
_PATIENTS = 4
_AT_ONCE = 4
_LARGE_ID = "LARGE"


def files(server: OrthancServer, folder: Path) -> None:
    """Measure, and print; a large patient is added to the server."""
    with running(folder / "without-plugin", plugins=False) as plain:
        fill([plain], patients_of(PhantomSize.clinical(), _PATIENTS), folder)
        patients = rows_of(server)
        _show(patients, _against_the_limit(server, plain, folder))
    _show_gzip(_against_gzip(server, patients[0], folder))
    fill([server], [_large()], folder)
    growths = {1: _growth_mb(server, patients[0].patient_id, folder)}
    growths[4] = _growth_mb(server, _LARGE_ID, folder)
    for times, growth_mb in growths.items():
        name = f"memory added while fetching a study {times}x as large, MB"
        show_figure(name, f"{growth_mb:.1f}", at_most(32).verdict(growth_mb))


def _against_the_limit(server: OrthancServer, plain: OrthancServer, folder: Path) -> Rounds:
    rows = {each.url: rows_of(each) for each in (server, plain)}
    sizes = [row.size for patient in rows[server.url] for row in _instances(patient)]
    with sending(sizes) as sender:
        methods = [
            Method(_WADO, partial(fetch, server, rows[server.url]), (pid_of(server),)),
            Method(_SINGLY, partial(fetch, plain, rows[plain.url]), (pid_of(plain),)),
            Method(_LIMIT, sender.receive, (sender.pid,)),
        ]
        return compare(methods, folder, _ROUNDS)


def _against_gzip(server: OrthancServer, patient: PatientRow, folder: Path) -> Rounds:
    pids = (pid_of(server),)
    methods = [
        Method(_WADO, partial(fetch, server, [patient]), pids),
        Method(_GZIP, partial(_download, server, patient), pids),
    ]
    return compare(methods, folder, 1)


def rows_of(server: OrthancServer) -> list[PatientRow]:
    """List the first patients of a server."""
    with open_archive(server) as archive:
        return list(archive.patients(archive.patient_ids()[:_PATIENTS]))


def _instances(patient: PatientRow) -> list[InstanceRow]:
    return [row for series in patient.series for row in series.instances]


def fetch(server: Reachable, patients: Sequence[PatientRow], folder: Path) -> None:
    """Bring all files of the patients to disk, as this project does."""
    with open_archive(server) as archive:
        for patient in patients:
            for series in patient.series:
                archive.fetch(series, folder / patient.patient_id / series.modality)


def fetch_at_once(server: Reachable, patients: Sequence[PatientRow], folder: Path) -> None:
    """Do so for several patients at a time, as extract-cohort does."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lambda patient: fetch(server, [patient], folder), patients))


def _download(server: OrthancServer, patient: PatientRow, folder: Path) -> None:
    """Get each file by a client that knows nothing of Orthanc's habit to compress."""
    auth = (server.user, server.password)
    with httpx.Client(base_url=server.url, auth=auth, timeout=60) as client:

        def one(row: InstanceRow) -> None:
            answer = client.get(f"/instances/{row.locator}/file").raise_for_status()
            (folder / f"{row.sop_instance_uid}.dcm").write_bytes(answer.content)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(one, _instances(patient)))


def _large() -> PhantomPatient:
    """Draw a patient with four times as many slices, contours and planes of dose."""
    size = PhantomSize.clinical()
    planes, rows, columns = size.dose_shape
    size = replace(size, slices=4 * size.slices, dose_shape=(4 * planes, rows, columns))
    return PhantomPatient.synthetic(1, patient_id=_LARGE_ID, size=size)


def _growth_mb(server: OrthancServer, patient_id: str, folder: Path) -> float:
    """Fetch a patient in a process of its own, which tells what memory that took."""
    command = [sys.executable, "-m", "benchmarks.memory", patient_id]
    with TemporaryDirectory(dir=folder) as place:
        environment = clean_environment(**orthanc_settings(server))
        told = subprocess.run(
            [*command, place], env=environment, stdout=subprocess.PIPE, check=True
        )
    return int(told.stdout) / 1e6


def _show(patients: Sequence[PatientRow], rounds: Rounds) -> None:
    size = sum(row.size for patient in patients for row in _instances(patient))
    show_title(f"files: {len(patients)} patients, {size / 1e6:.0f} MB to disk, {_ROUNDS} rounds")
    rates = {name: [f"{size / 1e6 / rounds.best(name).wall_s:.0f}"] for name in rounds.costs}
    show_costs(rounds, rates, ["MB/s"])
    show_ratio_headings()
    show_ratio("share of the limit, WADO-RS", rounds.ratio(_LIMIT, _WADO), at_least(0.7))
    show_ratio("share of the limit, no DICOMweb", rounds.ratio(_LIMIT, _SINGLY), at_least(0.55))


def _show_gzip(rounds: Rounds) -> None:
    show_ratio("one patient: a client that accepts gzip / ours", rounds.ratio(_GZIP, _WADO))
