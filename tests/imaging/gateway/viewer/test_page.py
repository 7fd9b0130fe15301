"""The viewer's page and its files, as a client gets them."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from imaging.errors import InputError
from imaging.gateway.options import GatewayOptions
from imaging.gateway.viewer import viewer_router
from imaging.gateway.viewer.niivue import installed_niivue, module_of

_BUNDLE = """\
var a, As = class extends EventTarget {
};
begin();
window.addEventListener("DOMContentLoaded", () => {
  start();
});
//# sourceMappingURL=index.js.map
"""


@pytest.fixture
def client(tmp_path):
    app = FastAPI()
    app.include_router(viewer_router(GatewayOptions(tmp_path)))
    return TestClient(app)


def assets_of(page):
    return re.findall(r'(?:src|href)="(viewer/[^"]+)"', page)


def test_the_page_is_the_same_whatever_is_asked(client):
    plain = client.get("/view")
    asked = client.get("/view", params={"image": "<script>", "labels": "p/x.nii", "link": "abc"})

    assert plain.status_code == 200
    assert plain.content == asked.content
    assert plain.headers["Content-Type"] == "text/html; charset=utf-8"
    assert len(plain.content) < 10_000


def test_nothing_in_the_page_is_inline(client):
    page = client.get("/view").text

    assert "style=" not in page
    assert "<style" not in page
    assert re.findall(r"\son\w+=", page) == []
    assert re.findall(r"<script[^>]*>([^<]+)", page) == []
    assert "http" not in page


def test_the_policy_lets_only_its_own_files_run(client):
    policy = client.get("/view").headers["Content-Security-Policy"]

    rules = dict(rule.split(" ", maxsplit=1) for rule in policy.split("; "))
    assert rules == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }


def test_its_files_are_kept_for_ever_under_a_name_that_changes_with_them(client):
    addresses = assets_of(client.get("/view").text)
    answers = {address.rsplit("/")[-1]: client.get(address) for address in addresses}

    assert sorted(answers) == ["niivue-license.txt", "view.css", "view.js"]
    assert {answer.status_code for answer in answers.values()} == {200}
    assert answers["view.js"].headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "immutable" in answers["view.js"].headers["Cache-Control"]
    assert client.get("/view").headers["Cache-Control"] == "no-cache"
    assert "Redistribution" in answers["niivue-license.txt"].text


def test_every_module_that_is_imported_is_served(client):
    (first,) = (a for a in assets_of(client.get("/view").text) if a.endswith("view.js"))
    folder, waiting, seen = first.rsplit("/", 1)[0], ["view.js"], set()
    while waiting:
        name = waiting.pop()
        answer = client.get(f"{folder}/{name}")
        assert answer.status_code == 200, name
        seen.add(name)
        found = re.findall(r'^import .*from "\./([\w.]+)";$', answer.text, re.MULTILINE)
        waiting += [other for other in found if other not in seen]

    assert {"scene.js", "labelmap.js", "niivue.js"} <= seen


def test_head_and_what_the_browser_knows_cost_no_bytes(client):
    for address in ("/view", assets_of(client.get("/view").text)[0]):
        whole = client.get(address)
        head = client.head(address)
        known = client.get(address, headers={"If-None-Match": whole.headers["ETag"]})
        other = client.get(address, headers={"If-None-Match": '"other"'})

        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Length"] == str(len(whole.content))
        assert (known.status_code, known.content) == (304, b"")
        assert other.status_code == 200


@pytest.mark.parametrize("name", ["other.js", "view.html.j2", "../view.css", "%2e%2e/router.py"])
def test_nothing_else_is_served(client, name):
    folder = assets_of(client.get("/view").text)[0].rsplit("/", 1)[0]

    assert client.get(f"/{folder}/{name}").status_code == 404
    assert client.get("/viewer/0000000000000000/view.js").status_code == 404


def test_niivue_is_a_module_that_does_nothing_when_loaded():
    niivue = installed_niivue()

    assert "BSD 2-Clause" in niivue.licence or "Redistribution" in niivue.licence
    assert niivue.module.rstrip().endswith("export { As as Niivue };")
    assert '\nwindow.addEventListener("DOMContentLoaded"' not in niivue.module


def test_the_application_around_niivue_is_cut_off():
    assert module_of(_BUNDLE) == (
        "var a, As = class extends EventTarget {\n};\nexport { As as Niivue };\n"
    )


@pytest.mark.parametrize(
    "bundle",
    [
        "",
        _BUNDLE.replace("extends EventTarget", ""),
        _BUNDLE.replace("var a,", "var b = class extends EventTarget {};\nvar a,"),
        _BUNDLE.replace("begin();\n", ""),
        _BUNDLE + "x" * 3000,
    ],
    ids=["empty", "no class", "two classes", "no start", "more after it"],
)
def test_another_bundle_is_refused(bundle):
    with pytest.raises(InputError, match="pin the version"):
        module_of(bundle)
