"""What the files of a CBCT's folder or zip are, each by its first bytes."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from imaging.errors import InputError
from imaging.fusion.checking.archives import is_nested
from imaging.fusion.checking.containers import Container, Member, Open
from imaging.fusion.checking.nrrd import MAGIC
from imaging.fusion.checking.slices import CT, LOCALIZER, NO_DICOM, OTHER, Slice, read_slices

_NRRD, _ARCHIVE = "NRRD", "archive"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a container holds.

    Attributes:
        series: The slices of each CT series, by its UID.
        volumes: NRRD files.
        counts: How many files are of each other kind.
        unread: How many files could not be opened, or are DICOM and broken.
    """

    series: dict[str, list[Slice]] = field(default_factory=lambda: defaultdict(list))
    volumes: list[Member] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)

    @property
    def archives(self) -> int:
        """How many files are archives themselves."""
        return self.counts[_ARCHIVE]

    @property
    def notes(self) -> tuple[str, ...]:
        """What is left out, by count."""
        names = {
            LOCALIZER: "localizer images",
            OTHER: "DICOM objects that are no CT images",
            NO_DICOM: "files that are not DICOM",
        }
        return tuple(
            f"{name}, left out: {self.counts[kind]}"
            for kind, name in names.items()
            if self.counts[kind]
        )


def contents_of(container: Container) -> Contents:
    """Read the headers of all files.

    Raises:
        InputError: There is nothing there, or it is a zip that is damaged or not to be trusted.
    """
    members = container.members()
    contents = Contents()
    with container.opened() as opened:
        for member in members:
            try:
                _add(contents, member, opened)
            except OSError:
                contents.unread["files that cannot be opened"] += 1
            except InputError as error:
                contents.unread[str(error)] += 1
    return contents


def _add(contents: Contents, member: Member, opened: Open) -> None:
    """Add a file to what it is."""
    with opened(member) as file:
        found = read_slices(member, file)
    kind = found.kind if found.kind != NO_DICOM else _other_kind(member, opened)
    if kind == CT:
        contents.series[found.slices[0].series_instance_uid].extend(found.slices)
    elif kind == _NRRD:
        contents.volumes.append(member)
    else:
        contents.counts[kind] += 1


def _other_kind(member: Member, opened: Open) -> str:
    """Say what a file is that is not DICOM."""
    with opened(member) as file:
        head = file.read(len(MAGIC) + 1)
    if head.startswith(MAGIC):
        return _NRRD
    return _ARCHIVE if is_nested(member.name, head) else NO_DICOM
