"""Tokens and signed links in the viewer, in a real browser."""

import time

from imaging.gateway.access import sign_link
from imaging.gateway.access.tokens import add_token

LABELS = "plain/structures.nii.gz"


def test_a_token_is_asked_for_sent_and_forgotten_with_the_tab(chromium, asking_gateway):
    fresh = add_token(asking_gateway.options.state, "viewer", ["read"], 1, time.time())
    address = asking_gateway.view(labels=LABELS)
    chromium.open(address, until="loading")
    chromium.wait_until(lambda _: chromium.find("#ask").get_attribute("open"))

    for typed in ("ifg_wrong", fresh):
        chromium.find("#token").send_keys(typed)
        chromium.find("#ask button").click()
        chromium.wait_until(
            lambda _: (
                chromium.find("#token").get_property("value") == ""
                or chromium.run("return document.documentElement.dataset.state === 'ready'")
            )
        )
    chromium.wait_for("ready")

    assert "not accepted" in chromium.find("#ask-reason").get_property("textContent")
    sent = [headers.get("authorization") for _, headers in asking_gateway.asked]
    assert sent == [None, "Bearer ifg_wrong", f"Bearer {fresh}", f"Bearer {fresh}"]
    assert chromium.run("return localStorage.length") == 0
    assert fresh not in chromium.run("return location.href + document.documentElement.outerHTML")


def test_without_a_token_nothing_is_shown(chromium, asking_gateway):
    add_token(asking_gateway.options.state, "viewer", ["read"], 1, time.time())
    chromium.open(asking_gateway.view(labels=LABELS), until="loading")
    chromium.wait_until(lambda _: chromium.find("#ask").get_attribute("open"))

    chromium.find("#ask button[formnovalidate]").click()

    chromium.wait_for("failed")
    assert "token" in chromium.status
    assert chromium.run("return window.viewer ?? null") is None


def test_a_signed_link_opens_its_files_without_a_token(chromium, asking_gateway):
    add_token(asking_gateway.options.state, "viewer", ["read"], 1, time.time())
    link = sign_link(asking_gateway.options, [LABELS])

    chromium.open(asking_gateway.view(labels=LABELS, link=link))

    assert chromium.run("return viewer.labelAt(24, 20, 25)") == 3
    assert chromium.run("return sessionStorage.length") == 0
