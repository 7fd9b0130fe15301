"""A customer of the simulated vendor, written from the contract alone; and their doorbell."""

import contextlib
import io
import json
import queue
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import urlsplit

import httpx

from imaging.phantoms.teeth import arch_scan

PLAIN = httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), timeout=60)
"""Keeps no connection, and knows no token."""

SCAN = cast("bytes", arch_scan(upper=True, faces_per_tooth=80).export(file_type="stl"))


def zipped(**files):
    """Make a zip of files by name, where `__` stands for a dot."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, each in files.items():
            archive.writestr(name.replace("__", "."), each)
    return content.getvalue()


VOLUME = zipped(volume__nrrd=b"NRRD0004\n")


class Customer:
    """Calls a vendor as its samples do."""

    def __init__(self, vendor):
        self.vendor = vendor
        self.headers = {"X-ZH-TOKEN": vendor.token}
        self.group, self.user = vendor.options.user_group, vendor.user_id

    def fetch(self, url, **query):
        return PLAIN.get(url, params=query, headers=self.headers)

    def get(self, path, **query):
        return self.fetch(self.vendor.url + path, **query)

    def signed_url(self, suffix="stl"):
        url = f"{self.vendor.files_url}/scratch/{self.group}/{self.user}/upload_url"
        return self.fetch(url, postfix=suffix).json()

    def upload(self, content, suffix="stl"):
        url = self.signed_url(suffix)
        answer = PLAIN.put(url, content=content)
        assert answer.status_code == 200
        return self.urn(url)

    def urn(self, url):
        path = urlsplit(url).path.split(f"/{self.user}/", 1)[1]
        return f"urn:zhfile:o:s:{self.group}:{self.user}:{path}"

    def download(self, urn):
        return self.fetch(f"{self.vendor.files_url}/file/download", urn=urn)

    def call(self, outputs=("fusion",), kind="ply", **changed):
        """Return the body of a submission, with other fields where they are given."""
        scan = {"type": "stl", "data": self.upload(SCAN)}
        return {
            "spec_group": "cbct",
            "spec_name": "scan-seg-and-cbct-fusion",
            "spec_version": "1.0-snapshot",
            "user_group": self.group,
            "user_id": self.user,
            "input_data": {
                "upper_jaw_scan": scan,
                "lower_jaw_scan": scan,
                "raw_ct_file": self.upload(VOLUME, "zip"),
            },
            "output_config": {name: {"type": kind} for name in outputs},
            **changed,
        }

    def submit(self, **changed):
        return self.post(self.call(**changed))

    def post(self, call):
        return PLAIN.post(f"{self.vendor.url}/run", json=call, headers=self.headers)

    def run(self, **changed):
        """Submit what is right, and return the run id."""
        return self.submit(**changed).json()["run_id"]

    def data(self, **changed):
        return self.get(f"/data/{self.run(**changed)}").json()


@contextlib.contextmanager
def doorbell(status=204) -> Iterator[tuple[str, "queue.Queue[dict[str, Any]]"]]:
    """Give an address for callbacks, and the queue of those that came."""
    came: queue.Queue[dict[str, Any]] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            came.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/ring", came
        finally:
            server.shutdown()
            thread.join()
