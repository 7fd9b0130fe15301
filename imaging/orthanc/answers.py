"""What a server answered: the body, read piece by piece, or the refusal, as the error it means."""

import http.client

from imaging.errors import (
    ImagingError,
    RemoteRejectedError,
    RemoteUnavailableError,
    SettingError,
)

URL_SETTING = "IMAGING_ORTHANC_URL"
CREDENTIAL_SETTINGS = "IMAGING_ORTHANC_USER, IMAGING_ORTHANC_PASSWORD"
LOST = (OSError, http.client.HTTPException)  # timeouts, TLS errors and resets are OSErrors
_LONGEST_LINE = 1 << 16
_PASSING = {
    http.client.REQUEST_TIMEOUT,
    http.client.TOO_EARLY,
    http.client.TOO_MANY_REQUESTS,
}


class NotFoundError(RemoteRejectedError):
    """A 404: what is asked for is not there, or not there any more."""


class ServerFaultError(RemoteUnavailableError):
    """A 500: Orthanc failed over this one resource, for example a file lost from its storage."""


class Body:
    """The bytes of one answer; reading them fails in the project's words only.

    Attributes:
        length: Content-Length in bytes, None where the server did not say.
        content_type: Content-Type as sent, "" where absent.
    """

    def __init__(self, response: http.client.HTTPResponse, where: str) -> None:
        self._response = response
        self._where = where
        self.length = response.length  # http.client has checked that it is a number
        self.content_type = response.getheader("Content-Type", "")

    def readinto(self, view: memoryview) -> int:
        """Fill ``view`` as far as the body goes, and return how far.

        Raises:
            RemoteUnavailableError: The connection broke, or was silent for too long.
        """
        filled = 0
        try:
            while filled < len(view) and (got := self._response.readinto(view[filled:])):
                filled += got
        except LOST as error:
            raise lost(self._where, error) from error
        return filled

    def readline(self) -> bytes:
        """Return the next line with its end, b"" at the end of the body; raises as ``readinto``."""
        try:
            return self._response.readline(_LONGEST_LINE)
        except LOST as error:
            raise lost(self._where, error) from error

    def read(self) -> bytes:
        """Return all of it; raises as ``readinto``, also when it ends before its length."""
        try:
            return self._response.read()
        except LOST as error:
            raise lost(self._where, error) from error


def lost(where: str, error: Exception) -> RemoteUnavailableError:
    """Return what to raise for a connection that broke; its kind is told, not its text."""
    return RemoteUnavailableError(f"{where}: the connection was lost ({type(error).__name__})")


def stranger(reason: str) -> SettingError:
    """Return what to raise when the address leads to something that is not an Orthanc."""
    return SettingError(URL_SETTING, f"The address does not lead to an Orthanc: {reason}")


def refusal(status: int, where: str, *, is_known: bool) -> ImagingError:
    """Return what a status of 300 or more means.

    Args:
        status: The HTTP status.
        where: Method and path.
        is_known: Whether the server has shown before that it is an Orthanc. One that has not, and
            does not know Orthanc's own paths, is taken for another program.
    """
    if status in {http.client.UNAUTHORIZED, http.client.FORBIDDEN}:
        return SettingError(CREDENTIAL_SETTINGS, f"Orthanc refuses the credentials ({status})")
    if status == http.client.INTERNAL_SERVER_ERROR:
        return ServerFaultError(f"{where}: {status}")
    if status in _PASSING or (status >= 500 and status != http.client.NOT_IMPLEMENTED):
        return RemoteUnavailableError(f"{where}: {status}")
    if not is_known:
        return stranger(f"{where} was answered with {status}")
    if status == http.client.NOT_FOUND:
        return NotFoundError(f"{where}: {status}")
    return RemoteRejectedError(f"{where}: {status}")
