import socket
from urllib.parse import urlsplit

import httpx
import pytest

from imaging.phantoms.vendor import SimulatorOptions, VendorSimulator
from tests.imaging.phantoms.vendor_customer import PLAIN, SCAN, Customer


@pytest.fixture(name="vendor")
def a_vendor():
    with VendorSimulator() as vendor:
        yield vendor


@pytest.fixture(name="customer")
def a_customer(vendor):
    return Customer(vendor)


def test_what_was_uploaded_comes_back_by_its_urn(customer):
    urn = customer.upload(SCAN)

    assert customer.download(urn).content == SCAN


def test_an_upload_streams_to_a_file_of_the_state_folder(tmp_path):
    with VendorSimulator(SimulatorOptions(state=tmp_path)) as vendor:
        Customer(vendor).upload(SCAN)

        (path,) = vendor.uploads

    assert path.is_relative_to(tmp_path)
    assert path.read_bytes() == SCAN


def test_uploads_of_a_temporary_vendor_are_gone_with_it():
    with VendorSimulator() as vendor:
        Customer(vendor).upload(SCAN)

    assert not vendor.uploads[0].exists()


def test_the_signed_url_is_a_bare_json_string_and_lies_in_the_accounts_folder(customer, vendor):
    url = customer.signed_url("tar.gz")

    assert url.startswith(vendor.files_url)
    assert urlsplit(url).path.split("/")[2:4] == [customer.group, customer.user]
    assert urlsplit(url).path.endswith(".tar.gz")


def test_the_api_and_the_files_are_two_origins(vendor):
    assert urlsplit(vendor.url).port != urlsplit(vendor.files_url).port


def test_a_signed_url_is_good_once(customer):
    url = customer.signed_url()

    assert [PLAIN.put(url, content=SCAN).status_code for _ in range(2)] == [200, 403]


@pytest.mark.parametrize("way", ["plan", "option"])
def test_an_expired_url_is_refused(way):
    seconds = -1.0 if way == "option" else 600.0
    with VendorSimulator(SimulatorOptions(url_seconds=seconds)) as vendor:
        if way == "plan":
            vendor.plan("upload_url", "expired")
        answer = PLAIN.put(Customer(vendor).signed_url(), content=SCAN)

        assert (answer.status_code, vendor.uploads) == (403, [])


def test_a_content_type_breaks_the_signature(customer, vendor):
    url = customer.signed_url()

    answer = PLAIN.put(url, content=SCAN, headers={"Content-Type": "model/stl"})

    assert answer.status_code == 403
    assert "SignatureDoesNotMatch" in answer.text
    assert vendor.uploads == []


def test_a_refusal_of_the_storage_repeats_the_signature(customer):
    url = httpx.URL(customer.signed_url())

    answer = PLAIN.put(url, content=SCAN, headers={"Content-Type": "model/stl"})

    assert url.params["Signature"] in answer.text


def test_another_path_or_date_breaks_the_signature(customer):
    url = httpx.URL(customer.signed_url())
    later = url.copy_set_param("Expires", "99999999999")
    other = url.copy_with(path=url.path + "x")

    assert [PLAIN.put(each, content=SCAN).status_code for each in (later, other)] == [403, 403]


def test_an_upload_of_no_declared_length_is_refused(customer):
    answer = PLAIN.put(customer.signed_url(), content=iter([SCAN]))

    assert answer.status_code == 411


def test_an_upload_that_breaks_off_is_kept_nowhere(customer, vendor):
    url = urlsplit(customer.signed_url())
    head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", url.port), 20) as connection:
        connection.sendall(head.encode() + b"half")
        connection.shutdown(socket.SHUT_WR)

        assert b" 400 " in connection.recv(1 << 16)
    assert vendor.uploads == []


def test_an_upload_that_is_too_large_is_refused():
    with VendorSimulator(SimulatorOptions(most_upload_bytes=10)) as vendor:
        answer = PLAIN.put(Customer(vendor).signed_url(), content=bytes(11))

        assert answer.status_code == 413


@pytest.mark.parametrize("suffix", ["", "../../x", "a/b", "waytoolongforone"])
def test_a_postfix_must_be_one(customer, suffix):
    url = f"{customer.vendor.files_url}/scratch/{customer.group}/{customer.user}/upload_url"

    assert customer.fetch(url, postfix=suffix).status_code == 400


def test_a_token_at_the_storage_is_noticed(customer, vendor):
    assert vendor.tokens_at_storage == 0

    PLAIN.put(customer.signed_url(), content=SCAN, headers=customer.headers)

    assert vendor.tokens_at_storage == 1


def test_nothing_is_answered_without_the_token(customer, vendor):
    scratch = f"/scratch/{customer.group}/{customer.user}/upload_url?postfix=stl"
    paths = [(vendor.files_url, scratch), (vendor.files_url, "/file/download?urn=x")]
    paths += [(vendor.url, "/run/x"), (vendor.url, "/data/x")]

    for token in ({}, {"X-ZH-TOKEN": "another"}):
        answers = [PLAIN.get(url + path, headers=token).status_code for url, path in paths]
        answers.append(PLAIN.post(vendor.url + "/run", headers=token, json={}).status_code)
        assert answers == [401] * 5


def test_another_users_folder_is_refused(customer, vendor):
    url = f"{vendor.files_url}/scratch/{customer.group}/somebody/upload_url"

    assert customer.fetch(url, postfix="stl").status_code == 403


@pytest.mark.parametrize("urn", ["", "urn:zhfile:o:s:g:u:../../etc/passwd", "/etc/passwd"])
def test_a_urn_that_was_not_given_out_leads_nowhere(customer, urn):
    assert customer.download(urn).status_code == 404
