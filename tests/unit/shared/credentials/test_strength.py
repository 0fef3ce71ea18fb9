"""What only a generator makes passes mostly; what people make never does."""

import base64
import random
import string
import uuid
from collections.abc import Callable

import pytest

from shared.credentials import strength

_BASE62 = string.ascii_letters + string.digits


def drawn(alphabet: str, length: int) -> Callable[[random.Random], str]:
    return lambda source: "".join(source.choices(alphabet, k=length))


GENERATORS: dict[str, Callable[[random.Random], str]] = {
    "22 of letters and digits": drawn(_BASE62, 22),
    "26 of letters and digits": drawn(_BASE62, 26),
    "26 of OCPP 2.x passwordString": drawn(_BASE62 + "*-_=:+|@.;", 26),
    "26 of base32": drawn(string.ascii_uppercase + "234567", 26),
    "26 of lower case": drawn(string.ascii_lowercase, 26),
    "26 hex digits": drawn("0123456789abcdef", 26),
    "16 bytes in base64": lambda source: base64.urlsafe_b64encode(source.randbytes(16)).decode().rstrip("="),
    "24 bytes in base64": lambda source: base64.b64encode(source.randbytes(24)).decode(),
    "UUID": lambda source: str(uuid.UUID(bytes=source.randbytes(16), version=4)),
}


@pytest.mark.parametrize("name", GENERATORS)
def test_what_a_generator_makes_passes_mostly(name: str) -> None:
    source = random.Random(7)
    assert sum(strength.is_random(GENERATORS[name](source)) for _ in range(500)) > 400


@pytest.mark.parametrize("alphabet", [_BASE62, "0123456789abcdef", string.printable[:94]])
def test_what_is_too_short_does_not(alphabet: str) -> None:
    source = random.Random(7)
    assert not any(strength.is_random(drawn(alphabet, 21)(source)) for _ in range(500))


@pytest.mark.parametrize(
    "password",
    [
        "",
        "a" * 64,
        "aB1!" * 8,
        "Passw0rd" * 4,
        "P@ssw0rd!" * 3,
        "secretsecretsecretsecret",
        "abcdefghijklmnopqrstuvwxyz",
        "1a2b3c4d5e6f7g8h9i0j1k2l3m",
        "123456789012345678901234567890",
        "2024-01-31-2024-02-28-2024",
        "01.02.1984-Anna-05.06.1987",
        "19840201198502281986033119",
        "4111111111111111-12/27-123",
        "+49 151 23456789 +49 30 1234",
        "DE89370400440532013000EUR",
        "qwertyuiopasdfghjklzxcvbnm",
        "poiuytrewqlkjhgfdsamnbvcxz",
        "qazwsxedcrfvtgbyhnujmikolp",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
        "!QAZ@WSX#EDC$RFV%TGB^YHN&UJM",
        "kjhKJHkjhKJHkjhKJHkjhKJH",
        "correct horse battery staple",
        "CorrectHorseBatteryStaple1!",
        "Blue-Moon-Rain-42-Tree-77!",
        "ilovemycatfluffyandmydog2",
        "Tr0ub4dor&3-Tr0mb0n3&4-Z00",
        "xX_Sn1per_Xx_420_n0sc0pe_yolo",
        "MeinPasswortIstSehrGeheim2024",
        "Sommer2024!Winter2024!Herbst",
        "JeTaimeMonAmourPourToujours",
        "niHaoWoAiNiZhongGuo2024!!",
        "LondonParisBerlinMadridRome1",
        "ElectricVehicleCharger01",
        "My.Charger.Password.Nr.0001",
        "SN-2024-000123-ABCD-XY-0001",
        "ABB-TERRA-AC-W22-T-RD-MC-0",
        "deadbeefdeadbeefdeadbeef-cafe",
        "0" * 22,
        "\x00" * 30,
        "ключключключключключключ",
    ],
)
def test_what_a_person_may_have_chosen_does_not(password: str) -> None:
    assert not strength.is_random(password)
