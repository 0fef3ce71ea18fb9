"""What an operator may see of a frame."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.ocpp.masking import masked

SECRET = "04A2B3C4D5E680"
LIMIT = 4096


def call(action: str, payload: object) -> str:
    return json.dumps([2, "id-1", action, payload])


@pytest.mark.parametrize(
    "frame",
    [
        call("Authorize", {"idTag": SECRET}),
        call("StartTransaction", {"connectorId": 1, "idTag": SECRET, "meterStart": 0}),
        json.dumps([3, "id-1", {"idTagInfo": {"status": "Accepted", "parentIdTag": SECRET}}]),
        call("SendLocalList", {"listVersion": 1, "localAuthorizationList": [{"idTag": SECRET}, {"idTag": SECRET}]}),
        call("ReserveNow", {"connectorId": 1, "parentIdTag": SECRET, "idTag": SECRET}),
        call("Authorize", {"idToken": {"idToken": SECRET, "type": "ISO14443"}}),
        call(
            "Authorize",
            {
                "idToken": {
                    "idToken": "x",
                    "type": "Central",
                    "additionalInfo": [{"additionalIdToken": SECRET, "type": "a"}],
                }
            },
        ),
        call("TransactionEvent", {"idToken": {"idToken": SECRET, "type": "eMAID"}, "seqNo": 1}),
        json.dumps(
            [3, "id-1", {"idTokenInfo": {"status": "Accepted", "groupIdToken": {"idToken": SECRET, "type": "Central"}}}]
        ),
        json.dumps([6, "id-1", "NotifyPeriodicEventStream", {"idToken": SECRET}]),
        json.dumps([4, "id-1", "FormationViolation", "", {"idTag": SECRET}]),
        call("ChangeConfiguration", {"key": "AuthorizationKey", "value": SECRET}),
        json.dumps(
            [3, "id-1", {"configurationKey": [{"key": "AuthorizationKey", "readonly": False, "value": SECRET}]}]
        ),
        call(
            "SetVariables",
            {
                "setVariableData": [
                    {
                        "attributeValue": SECRET,
                        "component": {"name": "SecurityCtrlr"},
                        "variable": {"name": "BasicAuthPassword"},
                    }
                ]
            },
        ),
        call(
            "NotifyReport",
            {"reportData": [{"variable": {"name": "BasicAuthPassword"}, "variableAttribute": [{"value": SECRET}]}]},
        ),
        call(
            "SetNetworkProfile",
            {
                "connectionData": {
                    "apn": {"apn": "a", "apnPassword": SECRET},
                    "vpn": {"key": SECRET, "password": SECRET},
                }
            },
        ),
        call("GetDiagnostics", {"location": f"ftp://user:{SECRET}@host/logs"}),
        call("DataTransfer", {"vendorId": "v", "data": json.dumps({"card": SECRET})}),
        json.dumps([3, "id-1", {"status": "Accepted", "data": SECRET}]),
        call("Authorize", {"IDTAG": SECRET}),
        call("Authorize", {"idTag": [SECRET]}),
        call("Authorize", {"idTag": {"value": SECRET}}),
        call("Authorize", {"idToken": {"value": [{"deep": SECRET}]}}),
        f'[2,"id-1","Authorize",{{"idTag":"{SECRET}","idTag":"{SECRET}"}}]',
        f'[2, "id-1", "Authorize", {{"idTag": "{SECRET}"}}',
        f'[2, "id-1", "Authorize", "{SECRET}"]',
        f'[2, "id-1", {{"idTag": "{SECRET}"}}]',
        f'["{SECRET}"]',
        f'"{SECRET}"',
        f'{{"card": "{SECRET}"}}',
        f"Authorize {SECRET}",
        call("A" * 300 + SECRET, {}),
    ],
)
def test_secrets_are_not_shown(frame: str) -> None:
    for text in (frame, frame.encode()):
        assert SECRET not in masked(text, LIMIT)


@pytest.mark.parametrize(
    ("frame", "shown"),
    [
        ('[2, "1", "StatusNotification", {"connectorId": 1, "status": "Available"}]',) * 2,
        ('[3, "1", {"currentTime": "2026-03-01T08:15:30.123Z"}]',) * 2,
        ('[2, "1", "Authorize", {"idTag": "X"}]', '[2,"1","Authorize",{"idTag":"***"}]'),
        (
            '[2, "1", "Authorize", {"idToken": {"idToken": "X", "type": "ISO14443", "additionalInfo": null}}]',
            '[2,"1","Authorize",{"idToken":{"idToken":"***","type":"ISO14443","additionalInfo":null}}]',
        ),
        ('[2, "1", "SetVariables", {"setVariableData": [{"attributeValue": "5", "variable": {"name": "Interval"}}]}]',)
        * 2,
        ('[4, "1", "NotImplemented", "no such action", {}]',) * 2,
        (
            '[2, "1", "DataTransfer", {"vendorId": "v", "data": "äx"}]',
            '[2,"1","DataTransfer",{"vendorId":"v","data":"(5 bytes)"}]',
        ),
        ("no frame", "(8 bytes)"),
        ("ä", "(2 bytes)"),
        ("[" * 100_000, "(100000 bytes)"),
    ],
)
def test_all_else_is_shown(frame: str, shown: str) -> None:
    with contextlib.suppress(ValueError, RecursionError):
        shown = json.dumps(json.loads(shown), separators=(",", ":"), ensure_ascii=False)
    assert masked(frame, LIMIT) == shown


def test_a_long_frame_is_cut_off_within_the_limit() -> None:
    shown = masked(call("DataTransfer", {"vendorId": "ä" * 5000}), LIMIT)
    assert shown.endswith("…")
    assert len(shown.encode()) <= LIMIT


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["idTag", "data", "variable"]), inner),
    max_leaves=20,
)


@given(st.text() | json_values.map(json.dumps) | json_values.map(lambda payload: call("Any", {"a": payload})))
def test_whatever_comes_is_shown_somehow(frame: str) -> None:
    assert masked(frame, LIMIT)
    assert masked(frame.encode(errors="surrogatepass"), LIMIT)


@given(json_values)
def test_nothing_under_a_secret_name_is_shown(payload: object) -> None:
    first, second = (masked(call("Any", {"idTag": one}), LIMIT) for one in ([SECRET, payload], [payload, SECRET]))
    assert SECRET not in first + second
