import re
import shlex
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from imaging.gateway import GatewayOptions
from imaging.gateway.docs_page import docs_router, operations_of
from imaging.gateway.examples import document
from tests.imaging.gateway.bodies import rt_bytes, slice_bytes


def nothing() -> None:
    """Do nothing."""


@pytest.fixture
def page(client):
    found = client.get("/docs")
    assert found.status_code == 200
    return found


@pytest.fixture
def commands(client):
    groups = operations_of(client.app.openapi(), "http://localhost")
    return {
        f"{operation.method} {operation.path}": shlex.split(operation.command)
        for operations in groups.values()
        for operation in operations
    }


class Page(HTMLParser):
    """What tags and what addresses a page has."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.addresses += [value for name, value in attrs if name in {"href", "src"}]
        assert not [name for name, _ in attrs if name.startswith("on")]


def test_every_operation_is_on_the_page(client, page):
    for path in client.app.openapi()["paths"]:
        assert f"<code>{path}</code>" in page.text


def test_every_operation_is_summed_up_in_words_and_not_by_the_name_of_a_function(client):
    summaries = [
        operation["summary"]
        for item in client.app.openapi()["paths"].values()
        for operation in item.values()
    ]

    assert [said for said in summaries if said == said.title()] == []  # as FastAPI makes them up


def test_the_page_answers_head_as_all_do(client, page):
    answer = client.head("/docs")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == page.headers["content-type"]


def test_the_page_needs_no_internet_and_no_script(page):
    found = Page(page.text)

    assert not found.tags & {"script", "link", "iframe", "img", "object"}
    assert all(re.match(r"#|openapi\.json$", address) for address in found.addresses)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "script-src" not in page.headers["content-security-policy"]


def test_the_examples_are_on_the_page(page):
    assert "&#34;D95%[Gy]&#34;" in page.text
    assert "ct_seg.nii.gz" in page.text


def test_a_command_gets_what_it_says(client, commands):
    assert commands["GET /health"] == ["curl", "http://localhost/health"]
    filtered = commands["GET /filtered/{path}"]
    assert filtered[:2] == ["curl", "-OJ"]
    assert filtered[-1].endswith("/filtered/output/P0001/scans/ct_seg.nii.gz?label_ids=1,5-7")
    assert client.get(commands["GET /"][-1].removeprefix("http://localhost")).is_success


def test_a_command_sends_the_files_that_are_needed(commands):
    assert commands["POST /dvh"] == [
        *["curl", "-X", "POST", "-F", "rtstruct=@rs.dcm", "-F", "rtdose=@rd.dcm"],
        *["-F", "rtplan=@rp.dcm", "-F", "metrics=D95%[Gy],Dmean[Gy],V20Gy[%]"],
        "http://localhost/dvh",
    ]
    assert commands["POST /anonymize"][-3:] == ["-o", "answer.dcm", "http://localhost/anonymize"]


FILES = {
    "rs.dcm": rt_bytes()["rtstruct"],
    "rd.dcm": rt_bytes()["rtdose"],
    "rp.dcm": rt_bytes()["rtplan"],
    "ct.dcm": slice_bytes(),
}


@pytest.mark.parametrize("path", ["/dvh", "/dvh/plot", "/anonymize"])
def test_a_form_that_is_filled_as_its_example_is_answered(client, commands, path):
    form = client.app.openapi()["paths"][path]["post"]["requestBody"]["content"]
    form = form["multipart/form-data"]
    command = commands[f"POST {path}"]
    fields = [word.split("=", 1) for flag, word in pairwise(command) if flag == "-F"]

    sent = client.post(
        path,
        files=[(name, FILES[text[1:]]) for name, text in fields if text.startswith("@")],
        data={name: text for name, text in fields if not text.startswith("@")},
    )

    assert sent.status_code == 200
    example = form["examples"]["form"]["value"]
    assert {name for name, _ in fields} == set(example)
    assert set(form["schema"]["required"]) <= set(example) <= set(form["schema"]["properties"])


@pytest.mark.parametrize(
    ("status", "method", "url", "headers"),
    [
        ("401", "GET", "/files/ten.txt", {"Via": "1.1 proxy"}),
        ("404", "GET", "/files/nothing", {}),
        ("414", "GET", f"/files/{'a' * 9000}", {}),
        ("415", "POST", "/dvh", {}),
        ("431", "GET", "/files/ten.txt", {"X": "a" * 17_000}),
    ],
)
def test_the_examples_of_refusals_are_what_is_answered(client, status, method, url, headers):
    path = "/dvh" if method == "POST" else "/files/{path}"
    said = client.app.openapi()["paths"][path][method.lower()]["responses"][status]

    answer = client.request(method, url, headers=headers)

    assert answer.status_code == int(status)
    assert answer.json() == said["content"]["application/json"]["example"]


def test_words_in_backticks_are_code(page):
    assert "<code>deidentify-dicom</code>" in page.text
    assert "`" not in page.text


def test_a_command_has_a_token_where_one_is_needed(tmp_path):
    app = FastAPI()
    app.get("/here")(nothing)
    document(app, GatewayOptions(tmp_path, host="0.0.0.0"))  # noqa: S104 - it listens nowhere

    (operation,) = operations_of(app.openapi(), "http://a")["other"]

    assert '-H "Authorization: Bearer $TOKEN"' in operation.command


def test_a_command_has_none_where_the_address_is_enough(tmp_path):
    app = FastAPI()
    app.post("/called", openapi_extra={"security": []})(nothing)
    document(app, GatewayOptions(tmp_path, host="0.0.0.0"))  # noqa: S104 - it listens nowhere

    (operation,) = operations_of(app.openapi(), "http://a")["other"]

    assert "Authorization" not in operation.command


def test_what_is_written_in_a_description_is_no_html(tmp_path):
    app = FastAPI(title="<script>alert(1)</script>", docs_url=None)
    app.include_router(docs_router())
    app.get("/<b>", summary="<img src=x>", description="</pre><script>")(nothing)
    document(app, GatewayOptions(tmp_path))

    found = TestClient(app, base_url="http://localhost").get("/docs").text

    assert not Page(found).tags & {"script", "img", "b"}
    assert "&lt;img src=x&gt;" in found


def test_every_operation_documents_what_may_go_wrong(client):
    schema = client.app.openapi()

    for path in schema["paths"].values():
        for operation in path.values():
            assert {"200", "204"} & set(operation["responses"])
            assert {"400", "401", "403", "413", "500"} <= set(operation["responses"])
    assert "HTTPValidationError" not in schema["components"]["schemas"]
    assert schema["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert schema["security"] == [{}, {"token": []}]


def test_the_description_of_a_form_knows_no_null(client):
    form = client.app.openapi()["paths"]["/dvh"]["post"]["requestBody"]["content"]
    properties = form["multipart/form-data"]["schema"]["properties"]

    assert properties["goals"]["enum"] == ["fast-forward", "quantec-pelvis", "quantec-thorax"]
    assert properties["end_caps"]["enum"] == ["half", "none", "rounded"]
    assert "null" not in str(properties)
    assert "default" not in properties["aliases"]
