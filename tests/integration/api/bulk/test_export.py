"""GET /v1/export: the inventory as a file that can be imported."""

import pytest

from tests.integration.api.bulk.files import KEY, exported, report, results, state
from tests.integration.api.served import Api


@pytest.mark.parametrize("format_", ["csv", "jsonl"])
async def test_what_is_exported_and_imported_again_changes_nothing(api: Api, format_: str) -> None:
    await results(
        api,
        f'S1,"Quote "" and, comma","Line 1\nLine 2",52.123456789012345,-0.1,Europe/Berlin,Cp 1,{KEY},',
        "S1,,,,,,=cmd|2,,PENDING",
        "S2,Größe,,,,,,,",
        ",,,,,,CP3,,REJECTED",
        *(f"T{number:04},T,,,,,T{number:04}," for number in range(1100)),
        *(f",,,,,,U{number:04},," for number in range(1100)),
    )
    file = await exported(api, format_)
    assert KEY not in file
    before = await state(api)
    kind = {"csv": "text/csv", "jsonl": "application/x-ndjson"}[format_]
    told = await report(api, file, kind)
    assert told["totals"] == {"created": 0, "updated": 0, "unchanged": 2204, "error": 0}
    assert await state(api) == before

    await api.pool.execute("TRUNCATE stations, charge_points CASCADE")
    assert (await report(api, file, kind))["totals"]["created"] == 2204
    assert await exported(api, format_) == file


async def test_an_empty_inventory_is_a_header_alone(api: Api) -> None:
    assert (
        await exported(api)
        == "\ufeffstation_id,station_name,address,latitude,longitude,time_zone,charge_point_id,registration\r\n"
    )
    assert await exported(api, "jsonl") == ""
    assert (await report(api, await exported(api)))["rows"] == []
