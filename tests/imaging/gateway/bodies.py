"""Bodies of requests, and applications of one router each, for tests of what takes them."""

import zlib
from functools import cache
from io import BytesIO
from types import MappingProxyType

import pydicom
from fastapi import FastAPI
from pydicom.uid import DeflatedExplicitVRLittleEndian
from starlette.testclient import TestClient

from imaging.gateway.examples import document
from imaging.phantoms import PhantomPatient, PhantomSize
from tests.imaging.dicom.instances import image

NAME = "Quillfeather"  # of every phantom
BOUNDARY = "a-boundary"


@cache
def patient() -> PhantomPatient:
    return PhantomPatient.synthetic(
        2, size=PhantomSize.tiny(), patient_id="QF-77310", patient_name=f"{NAME}^Ottoline"
    )


def as_file(dataset) -> bytes:
    content = BytesIO()
    pydicom.dcmwrite(content, dataset, enforce_file_format=True)
    return content.getvalue()


def slice_bytes(**values) -> bytes:
    """A CT slice of the same patient."""
    values = {"PatientName": f"{NAME}^Ottoline", "patient_id": "QF-77310", **values}
    return as_file(image(**values))


def deflated(size: int) -> bytes:
    """A small file of one private element of many zeros."""
    source = image(syntax=DeflatedExplicitVRLittleEndian)
    source.add_new(0x00111001, "OB", bytes(size))
    return as_file(source)


def bomb(megabytes: int) -> bytes:
    """A deflated file of a megabyte of zeros, as many times as wanted."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    megabyte = packed.compress(bytes(1 << 20)) + packed.flush(zlib.Z_FULL_FLUSH)
    zeros = megabytes * megabyte + packed.flush()  # after a full flush, blocks stand by themselves
    head = deflated(10)
    end = head.index(DeflatedExplicitVRLittleEndian.encode()) + 22
    return head[:end] + zeros


@cache
def rt_bytes() -> MappingProxyType[str, bytes]:
    """The patient's RT objects, by the field they are sent in."""
    found = {"rtstruct": patient().rtstruct(), "rtdose": patient().rtdose()}
    found["rtplan"] = patient().rtplan()
    return MappingProxyType({name: as_file(dataset) for name, dataset in found.items()})


def app_of(router, options) -> FastAPI:
    app = FastAPI()
    app.include_router(router)
    document(app, options)
    return app


def client_of(router, options) -> TestClient:
    return TestClient(app_of(router, options), base_url="http://localhost")


def part(name: str, content: bytes, *, filename: str | None = None) -> bytes:
    named = "" if filename is None else f'; filename="{filename}"'
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def multipart(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
