"""An Orthanc of one series, whose every answer can be spoilt."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from pydicom.dataset import Dataset

from imaging.dicom.rows import InstanceRow, SeriesRow
from tests.imaging.dicom.instances import dicom_bytes, image
from tests.imaging.orthanc.servers import Answer

BOUNDARY = "the-boundary"
SYSTEM: Answer = (200, {}, b'{"ApiVersion": 16, "Version": "1.10.1"}')


def part(content: bytes, size: int | None = None) -> bytes:
    """One part of a multipart answer, its length perhaps a lie."""
    length = len(content) if size is None else size
    header = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\nContent-Length: {length}\r\n\r\n"
    return header.encode() + content + b"\r\n"


def multipart(*parts: bytes, end: bytes = f"--{BOUNDARY}--\r\n".encode()) -> Answer:
    """A whole multipart answer."""
    content_type = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'
    return 200, {"Content-Type": content_type}, b"".join(parts) + end


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its UID; anything not under a final name fails the test."""
    assert all(path.suffix == ".dcm" for path in folder.iterdir())
    return {path.stem: path.read_bytes() for path in folder.iterdir()}


@dataclass
class FakeOrthanc:
    """Serves a few slices by WADO-RS and one by one.

    Attributes:
        files: DICOM files by SOPInstanceUID, which are the Orthanc ids here too.
        wado: Makes the WADO-RS answer; as it should be by default.
        single: Makes the answer for one instance, given its file.
        plugins: What it claims to run.
        paths: What was asked.
    """

    datasets: list[Dataset] = field(default_factory=lambda: [image() for _ in range(5)])
    wado: Callable[[list[bytes]], Answer] = lambda files: multipart(*map(part, files))
    single: Callable[[str, bytes], Answer] = lambda _, content: (200, {}, content)
    plugins: bytes = b'["dicom-web"]'
    paths: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.files = {str(each.SOPInstanceUID): dicom_bytes(each) for each in self.datasets}

    @property
    def uids(self) -> list[str]:
        """The instances, in the order of the stream."""
        return list(self.files)

    @property
    def series(self) -> SeriesRow:
        """The series as it was listed."""
        rows = tuple(InstanceRow(uid, len(content), "", uid) for uid, content in self.files.items())
        first = self.datasets[0]
        return SeriesRow(first.SeriesInstanceUID, first.StudyInstanceUID, "CT", rows)

    def __call__(self, _: str, path: str) -> Answer:
        """Answer one request."""
        self.paths.append(path)
        if path == "/system":
            return SYSTEM
        if path == "/plugins":
            return 200, {}, self.plugins
        if path.startswith("/dicom-web/"):
            return self.wado(list(self.files.values()))
        uid = unquote(path.removeprefix("/instances/").removesuffix("/file"))
        return self.single(uid, self.files[uid]) if uid in self.files else (404, {}, b"")

    def fetched_singly(self) -> list[str]:
        """Which instances were asked for by themselves."""
        return sorted(path.split("/")[2] for path in self.paths if path.startswith("/instances/"))
