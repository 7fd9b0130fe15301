"""Hundreds of ways to ask for what is not served, sent byte for byte to a real server."""

import os
import socket
from itertools import product

import pytest
from starlette.exceptions import HTTPException

from imaging.gateway import GatewayOptions
from imaging.gateway.places import open_place
from tests.imaging.gateway.servers import ask, running
from tests.imaging.labels.phantoms import Nifti, write

PLANTED = b"planted where nobody may read"

DOTS = ["..", "%2e%2e", ".%2e", "%2E.", "%252e%252e", "%c0%ae%c0%ae", "%e0%80%ae%e0%80%ae"]
DOTS += ["..;", "..%00", "..%20", "...", "....", "%uff0e%uff0e", "%ef%bc%8e%ef%bc%8e", "..%09"]
DOTS += ["%e2%80%a4%e2%80%a4", "%e2%80%a5", "..%0d%0a", "..%3b", "..%c2%a0", "x%2f..%2f..", "./.."]
SLASHES = ["/", "%2f", "%5c", "\\", "//", "%252f", "%c0%af", "%ef%bc%8f", "/./", "%2f%2f"]
PREFIXES = ["/files/", "/", "/filtered/", "/labels/", "/files/output/"]

OUTSIDE = [
    dots + slash + dots * deep + ("/" if deep else "") + name
    for dots, slash in product(DOTS, SLASHES)
    for deep, name in ((0, "outside.txt"), (1, "outside.nii"))
]
ABSOLUTE = ["//etc/passwd", "%2fetc%2fpasswd", "/etc/passwd", "file:///etc/passwd", "C:%5cboot.ini"]
ABSOLUTE += ["//proc/self/environ", "proc/self/environ", "%2fproc%2fself%2fcwd", "~root/.bashrc"]
HIDDEN = [
    ".env",
    "%2eenv",
    ".git/config",
    "%2egit/config",
    ".gateway/tokens.json",
    "folder/.hidden",
]
HIDDEN += [".project-key", "./.env", "folder/../.env", "folder/%2e%2e/.env", "..data/x", ".%65nv"]
LINKS = ["out.txt", "outfolder/outside.txt", "outfolder/", "toenv.txt", "togit/config", "loop.txt"]
LINKS += [
    "dangling.txt",
    "up/outside.txt",
    "up/data/.env",
    "toparent/.env",
    "proclink",
    "outseg.nii",
]
STRANGE = ["pipe", "socket", "ten.txt/", "ten.txt//", "ten.txt/.", "ten.txt/x", "ten.txt%00"]
STRANGE += ["ten.txt%00.html", "ten.txt%0a", "ten.txt\\", "ten.txt%5c", "ten.txt.", "ten.txt%20"]
STRANGE += ["ten.txt::$DATA", "%ff%fe.txt", "folder//x.txt", "/ten.txt", "a" * 5000, "a/" * 2000]
STRANGE += ["%", "%2", "%zz", "ten.txt%2f", "%74en.txt%2f", "%00", "%0d%0aX-Header:%20x", "~", "*"]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A data root with things that are not served in it, beside it, and linked from it."""
    above = tmp_path_factory.mktemp("above")
    root = above / "data"
    for folder in ("folder", "output", ".git", ".gateway", "..data"):
        (root / folder).mkdir(parents=True)
    label_map = Nifti(extension=b"\x20\0\0\0\x06\0\0\0" + PLANTED[:24]).content()
    for place in (above / "outside.txt", root / ".env", root / ".git/config"):
        place.write_bytes(PLANTED)
    for place in (root / ".project-key", root / "folder/.hidden", root / "..data/x"):
        place.write_bytes(PLANTED)
    (root / ".gateway/tokens.json").write_text("[]")
    write(above / "outside.nii", label_map)
    (root / "ten.txt").write_text("0123456789")
    (root / "folder/x.txt").write_text("inside")
    _link(root, above)
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as unix:
        here = os.getcwd()  # noqa: PTH109 - the name of a socket must be short
        os.chdir(root)
        unix.bind("socket")
        os.chdir(here)
    (root / ".gateway/tokens.json").unlink()  # with it a token would be asked for
    return root


def _link(root, above):
    for name, target in [
        ("out.txt", above / "outside.txt"),
        ("outseg.nii", above / "outside.nii"),
        ("outfolder", above),
        ("up", ".."),
        ("toparent", "."),
        ("toenv.txt", ".env"),
        ("togit", ".git"),
        ("loop.txt", "loop.txt"),
        ("dangling.txt", "nowhere"),
        ("proclink", "/proc/self/environ"),
        ("inside.txt", "folder/x.txt"),
        ("absolute.txt", root / "folder/x.txt"),
    ]:
        (root / name).symlink_to(target)


@pytest.fixture(scope="module")
def port(hostile):
    with running(GatewayOptions(hostile)) as port:
        yield port


@pytest.mark.parametrize("prefix", PREFIXES)
def test_no_path_leads_outside(port, prefix):
    query = "?label_ids=5&missing=ignore" if prefix == "/filtered/" else ""
    for path in [*OUTSIDE, *ABSOLUTE, *HIDDEN, *LINKS, *STRANGE]:
        answer = ask(port, prefix + path + query)

        assert answer.status in {400, 404, 414, 422}, path
        assert PLANTED[:24] not in answer.body, path
        assert b"root:" not in answer.body, path
        assert b"/data" not in answer.body, path


@pytest.mark.parametrize("patient", ["..", "%2e%2e", ".git", "%2e", "..%2f..", "%5c..", "a%00"])
@pytest.mark.parametrize("file", ["outside.nii", "outseg.nii", "..%2foutside.nii", ".env"])
def test_no_name_of_a_patient_scan_or_file_leads_outside(port, patient, file):
    for target in (
        f"/filtered-scans/{patient}/{file}?label_ids=5",
        f"/filtered-scans/{patient}/voxels/{patient}/original/{file}?label_ids=5",
        f"/filtered-scans/folder/voxels/{patient}/original/{file}?label_ids=5",
        f"/output/{patient}/voxels/{patient}/original/{file}/labels",
    ):
        assert ask(port, target).status in {404, 422}, target


def test_a_whole_address_as_target_is_no_way_out(port):
    for target in ("http://localhost/../outside.txt", "http://evil.example/files/ten.txt", "*"):
        answer = ask(port, target)
        assert PLANTED not in answer.body
        assert answer.status >= 400


def test_what_is_inside_is_served_over_links_too(port):
    for path in ("inside.txt", "absolute.txt", "toparent/folder/x.txt", "folder/x.txt"):
        assert ask(port, f"/files/{path}").body == b"inside", path
    assert ask(port, "/files/%74%65%6e.txt").body == b"0123456789"


def test_the_listing_names_nothing_that_is_not_served(port):
    page = ask(port, "/files/").body.decode()

    for name in ("out.txt", "outfolder", "toenv", "togit", "pipe", "socket", ".env", ".git"):
        assert f">{name}" not in page
    assert ">inside.txt" in page


def test_a_folder_that_becomes_a_link_underway_is_not_followed(hostile, monkeypatch):
    """Between the look at a path and its opening, somebody swaps a folder for a link out."""
    victim = hostile / "swapped"
    victim.mkdir()
    (victim / "outside.txt").write_text("inside")
    real = os.path.realpath

    def swap(path, **options):
        found = real(path, **options)
        if str(path).endswith("outside.txt"):
            victim.rename(hostile / "moved")
            victim.symlink_to(hostile.parent)
        return found

    monkeypatch.setattr(os.path, "realpath", swap)
    with pytest.raises(HTTPException):
        open_place(hostile, "swapped/outside.txt")
