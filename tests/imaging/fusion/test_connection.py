"""An account at the vendor, by the settings."""

from dataclasses import replace

import pytest

from imaging.errors import SettingError
from imaging.fusion.connection import VendorConnection, default_connection
from imaging.settings import settings

ACCOUNT = {
    "fusion_url": "https://api.vendor.test/",
    "fusion_files_url": "https://files.vendor.test/zh",
    "fusion_user_id": "lab-7",
    "fusion_token": "of-this-lab",
}
CONNECTION = VendorConnection(
    name="default",
    url="https://api.vendor.test",
    files_url="https://files.vendor.test/zh",
    user_group="APIClient",
    user_id="lab-7",
    token="of-this-lab",  # noqa: S106 - made up
)


def test_without_an_address_there_is_no_account(place):
    place()

    assert default_connection(settings()) is None


def test_the_settings_describe_an_account(place):
    place(**ACCOUNT, fusion_callback_url="https://lab.test/gateway/", fusion_runs_per_day=3)
    place(timeout_s=7, fusion_most_gb=2)

    account = default_connection(settings())

    assert account is not None
    assert (account.url, account.files_url) == (CONNECTION.url, CONNECTION.files_url)
    assert (account.user_group, account.user_id) == ("APIClient", "lab-7")
    assert account.callback_url == "https://lab.test/gateway"
    assert (account.runs_per_day, account.runs_per_month, account.deadline_s) == (3, 200, 7200)
    assert (account.name, account.timeout_s, account.most_gb) == ("default", 7, 2)
    assert len(account.callback_key) == 32


@pytest.mark.parametrize("missing", ["fusion_files_url", "fusion_user_id", "fusion_token"])
def test_an_account_in_part_is_refused_by_what_is_missing(place, missing):
    place(**{**ACCOUNT, missing: ""})

    with pytest.raises(SettingError, match=f"(?i){missing.removeprefix('fusion_')}") as refused:
        default_connection(settings())

    assert str(refused.value).startswith("the vendor's account is incomplete")
    assert "of-this-lab" not in str(refused.value)


@pytest.mark.parametrize("field", ["url", "files_url", "callback_url"])
@pytest.mark.parametrize(
    "address",
    [
        "http://vendor.test",
        "ftp://vendor.test",
        "https://somebody@vendor.test",
        "https:///zh",
        "vendor",
    ],
)
def test_an_address_that_would_give_the_token_away_is_refused(field, address):
    with pytest.raises(SettingError, match=rf"Mend the setting {field}\.$"):
        replace(CONNECTION, **{field: address})


@pytest.mark.parametrize(("field", "nothing"), [("url", ""), ("files_url", "")])
def test_of_the_addresses_only_that_of_callbacks_may_be_left_out(field, nothing):
    assert replace(CONNECTION, callback_url="").callback_url == ""
    with pytest.raises(SettingError, match=rf"Mend the setting {field}\.$"):
        replace(CONNECTION, **{field: nothing})


@pytest.mark.parametrize("address", ["http://127.0.0.1:8", "http://localhost:8", "http://[::1]:8"])
def test_on_this_machine_nothing_needs_to_be_encrypted(address):
    assert replace(CONNECTION, url=address).url == address


def test_neither_token_nor_key_is_ever_shown():
    shown = repr(replace(CONNECTION, callback_key=b"of-all-callbacks"))

    assert "of-this-lab" not in shown
    assert "callbacks" not in shown
