"""Folders as pages and as JSON."""

import re
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from imaging.gateway import listing
from imaging.gateway.app import make_app

HOSTILE = "<img src=x onerror=alert(1)>&\"'.txt"


def as_json(client, url):
    return client.get(url, headers={"Accept": "application/json"}).json()


def test_a_folder_lists_folders_first_and_sizes_of_files_only(client, data_root):
    (data_root / "a folder").mkdir()

    listed = as_json(client, "/files/")

    assert [(each["name"], each["is_folder"], each["bytes"]) for each in listed["entries"]] == [
        ("a folder", True, None),
        ("output", True, None),
        ("ten.txt", False, 10),
    ]
    assert listed["left_out"] == 0


@pytest.mark.parametrize("url", ["/files/output/P1", "/files/output/P1/", "/output/P1/"])
def test_a_folder_is_shown_with_and_without_a_slash(client, url):
    assert [each["url"] for each in as_json(client, url)["entries"]] == ["/files/output/P1/scans/"]


def test_the_data_root_is_shown_with_and_without_a_slash(client):
    assert as_json(client, "/files") == as_json(client, "/files/")
    assert client.head("/files").status_code == 200


def test_a_name_can_be_no_markup_and_its_address_leads_to_it(client, data_root):
    (data_root / HOSTILE).write_text("hostile name")

    page = client.get("/files/", headers={"Accept": "text/html,*/*"})

    assert "<img" not in page.text
    assert "script" not in page.headers["content-security-policy"]
    href = next(url for url in re.findall(r'href="([^"]*)"', page.text) if "img" in url)
    assert client.get(href).text == "hostile name"


def test_the_page_leads_back_up(client):
    page = client.get("/files/output/P1/scans").text

    assert re.findall(r'<a href="([^"]*)">[^<]*</a> /', page) == [
        "/files/",
        "/files/output/",
        "/files/output/P1/",
    ]


def test_dot_names_and_names_that_no_address_can_hold_are_left_out(client, data_root):
    (data_root / ".env").write_text("x")
    (data_root / "a\\b").write_text("x")
    (data_root / "a\nb").write_text("x")
    with open(bytes(data_root) + b"/\xff.txt", "w") as file:  # noqa: PTH123 - no text is its name
        file.write("x")

    assert {each["name"] for each in as_json(client, "/files/")["entries"]} == {"output", "ten.txt"}


def test_a_listing_can_be_switched_off_and_files_stay(gateway_options):
    app = make_app(replace(gateway_options, listing=False))

    with TestClient(app, base_url="http://localhost") as client:
        statuses = [client.get(url).status_code for url in ("/files/", "/output", "/files/ten.txt")]

    assert statuses == [404, 404, 200]


def test_a_folder_of_very_many_files_is_listed_in_part(client, monkeypatch):
    monkeypatch.setattr(listing, "MOST_ENTRIES", 1)

    assert as_json(client, "/files/")["left_out"] == 1
    assert "1 more are not shown" in client.get("/files/").text
