"""Files on their way to the vendor's storage: the address it gives, the bytes, and the urn."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import httpx

from imaging.errors import InputError, RemoteRejectedError
from imaging.fusion.connection import VendorConnection
from imaging.fusion.vendor.answers import MOST_STATUS_BYTES, AwayError, is_passing, read_json
from imaging.fusion.vendor.payloads import URN, is_urn
from imaging.fusion.vendor.transport import Transport
from imaging.orthanc.retries import told_s

Progress = Callable[[int], None]

WHAT = "the upload"

_BLOCK = 1 << 18  # more costs twice the CPU: the rest of a block is copied at each write
_LONGEST_ADDRESS = 8192
_POSTFIX = re.compile(r"(tar\.gz|[a-z0-9]{1,8})")
_EXPIRED = 403  # what storage says to a signature that is too old, or was used before


class ExpiredError(AwayError):
    """The storage did not take the signature; a fresh one may do."""


class FileBody:
    """A file as the body of a request: read in blocks, the same from its first byte to its last.

    Attributes:
        size: In bytes.
        is_sent: It was read to its end, and is what it was.
    """

    def __init__(self, path: Path, progress: Progress) -> None:
        """Look at the file.

        Args:
            path: Of it. Messages do not tell it: names of files are often names of people.
            progress: Called with the number of bytes that are sent.

        Raises:
            InputError: It cannot be read, or is empty.
        """
        self._path, self._progress = path, progress
        self._identity = self._look()
        self.size = self._identity[0]
        if not self.size:
            msg = "a file to upload is empty"
            raise InputError(msg)
        self.is_sent = False

    def __iter__(self) -> Iterator[bytes]:
        self.is_sent, sent = False, 0
        with self._path.open("rb") as file:
            while block := file.read(min(_BLOCK, self.size - sent)):
                yield block
                sent += len(block)
                self._progress(sent)
        if self._look() != self._identity:
            msg = "a file was changed while it was uploaded"
            raise InputError(msg)
        self.is_sent = sent == self.size

    def _look(self) -> tuple[int, int, int]:
        try:
            found = self._path.stat()
        except OSError:
            pass  # its text holds the path
        else:
            return found.st_size, found.st_mtime_ns, found.st_ino
        msg = "a file to upload cannot be read"
        raise InputError(msg)


def postfix_of(path: Path) -> str:
    """Return what the vendor knows a file's format by: the end of its name, in small letters.

    Raises:
        InputError: It has none.
    """
    name = path.name.lower()
    postfix = "tar.gz" if name.endswith(".tar.gz") else path.suffix.lower().removeprefix(".")
    if not _POSTFIX.fullmatch(postfix):
        msg = "a file to upload has no suffix that tells its format"
        raise InputError(msg)
    return postfix


def signed_address(answer: object, connection: VendorConnection) -> httpx.URL:
    """Return the address to send a file to, which anyone who knows it may write to.

    Args:
        answer: The file server's, a bare JSON string.
        connection: The account; where its own address is encrypted, this one has to be.

    Raises:
        RemoteRejectedError: It is no such address.
    """
    schemes = {"https", urlsplit(connection.files_url).scheme}
    text = answer if isinstance(answer, str) and len(answer) <= _LONGEST_ADDRESS else ""
    address = _parsed(text) if text.isascii() and text.isprintable() else httpx.URL()
    if address.scheme not in schemes or not address.host or address.userinfo:
        msg = f"{WHAT}: the vendor gave no address to send the file to"
        raise RemoteRejectedError(msg)
    return address


def _parsed(text: str) -> httpx.URL:
    """Return an address, an empty one if it is none; the errors' texts would quote it."""
    try:
        _ = urlsplit(text).port  # stricter than httpx with ports and brackets
        return httpx.URL(text)
    except (ValueError, httpx.InvalidURL):
        return httpx.URL()


def urn_of(address: httpx.URL, connection: VendorConnection) -> str:
    """Name an uploaded file as the vendor does, by what follows the account in its address.

    Raises:
        RemoteRejectedError: The account is not in the address.
    """
    group, user = connection.user_group, connection.user_id
    path = unquote(urlsplit(str(address)).path)
    _, both, rest = path.partition(f"/{group}/{user}/")
    if not both:  # a group or a bucket may be called like the user, so that the pair comes first
        _, _, rest = path.partition(f"/{user}/")
    urn = f"{URN}zhfile:o:s:{group}:{user}:{rest}"
    if not rest or not is_urn(urn):
        msg = f"{WHAT}: the address to send the file to is not of this account"
        raise RemoteRejectedError(msg)
    return urn


def upload_once(
    transport: Transport, connection: VendorConnection, body: FileBody, postfix: str
) -> str:
    """Ask for an address, send a file there and return its urn.

    The address is good for one attempt: it expires, and may have been used up by a lost one.

    Raises:
        AwayError: Another attempt may work.
        RemoteRejectedError: None will.
        InputError: The file was changed meanwhile.
    """
    scratch = f"{quote(connection.user_group, safe='')}/{quote(connection.user_id, safe='')}"
    answer = transport.get_once(
        f"{WHAT}: its address",
        f"{connection.files_url}/scratch/{scratch}/upload_url",
        lambda got: read_json(got, WHAT, MOST_STATUS_BYTES, connection.timeout_s),
        {"postfix": postfix},
    )
    address = signed_address(answer, connection)
    urn = urn_of(address, connection)  # first, so that nothing is sent to who knows where
    transport.put(WHAT, address, body, body.size, lambda got: stored(got, body))
    return urn


def stored(answer: httpx.Response, body: FileBody) -> None:
    """Make sure that the storage took a file.

    Raises:
        ExpiredError: It did not take the signature.
        AwayError: It is busy, or answered before it had the whole file.
        RemoteRejectedError: It refuses.
    """
    status = answer.status_code
    msg = f"{WHAT}: the storage refuses the file ({status})"
    if status == _EXPIRED:
        raise ExpiredError(msg)
    if is_passing(status):
        raise AwayError(msg, wait_s=told_s(answer.headers.get("Retry-After", "")))
    if not answer.is_success:
        raise RemoteRejectedError(msg)
    if not body.is_sent:
        msg = f"{WHAT}: the storage did not read the whole file"
        raise AwayError(msg)
