"""Every error this project raises on purpose; the tree answers "would trying again help?".

ImagingError
├── InputError                   the caller must change something
│   ├── SettingError             a setting (address, credentials, folder) is wrong; names it
│   ├── DicomError               a DICOM object is unreadable or contradicts itself; names it
│   ├── NiftiError               a NIfTI file is damaged, contradicts itself or holds no labels
│   ├── InstanceGoneError        the archive no longer holds what it listed; list again
│   ├── MeshError                a surface mesh is damaged or empty; names what it was given as
│   └── BudgetError              as many runs as are allowed were paid for; wait, or allow more
└── RemoteError                  the other side failed
    ├── RemoteUnavailableError   the only one worth trying again
    ├── RemoteRejectedError      the same call will be refused again
    └── SubmissionUncertainError it may have been accepted and paid for; never send it again unasked
"""


class ImagingError(Exception):
    """Base of every error raised on purpose; catch it at a boundary, never inside."""


class InputError(ImagingError):
    """The data or the parameters are wrong: trying again gives the same answer."""


class SettingError(InputError):
    """A setting is wrong, so the whole run is: no patient is to blame.

    Attributes:
        setting: The environment variable to mend.
    """

    def __init__(self, setting: str, message: str) -> None:
        super().__init__(setting, message)  # both, so that the error can be pickled
        self.setting = setting

    def __str__(self) -> str:
        return f"{self.args[1]}. Mend the setting {self.setting}."


class DicomError(InputError):
    """A DICOM object is truncated, unreadable, or lacks an attribute that is needed.

    Attributes:
        uid: The SOP Instance UID (or, when that cannot be read, the file's name).
    """

    def __init__(self, uid: str, message: str) -> None:
        super().__init__(uid, message)
        self.uid = uid

    def __str__(self) -> str:
        return f"{self.uid}: {self.args[1]}"


class NiftiError(InputError):
    """A NIfTI file is damaged, contradicts itself, or holds no label map; make it anew.

    The message does not name the file: a file's name often holds a patient's.
    """


class InstanceGoneError(InputError):
    """An instance was deleted from the archive after it was listed.

    Attributes:
        uids: The SOP Instance UIDs that are gone.
    """

    def __init__(self, uids: list[str]) -> None:
        super().__init__(uids)
        self.uids = uids

    def __str__(self) -> str:
        return f"{len(self.uids)} instances are gone from the archive, first {self.uids[0]}"


class MeshError(InputError):
    """A surface mesh is unreadable, empty, not finite, or of a size that it cannot have."""


class BudgetError(InputError):
    """Another run would cost more than is allowed; nothing was uploaded or paid for."""


class RemoteError(ImagingError):
    """The other side did not do as asked."""


class RemoteUnavailableError(RemoteError):
    """A timeout, a lost connection, a 429 or a 5xx: the same call may succeed later."""


class RemoteRejectedError(RemoteError):
    """A 4xx: the same call will be refused again."""


class SubmissionUncertainError(RemoteError):
    """The answer to a submission was lost: the run may be paid for, or may never have begun.

    The message does not say whether it was; only the vendor, or its callback, knows.
    """
