"""/docs: a page of our own files, on which a token is safe."""

import re

from tests.integration.api.served import Api


async def test_the_page_loads_nothing_of_others_and_needs_no_token(api: Api) -> None:
    anybody = {"Authorization": ""}
    page = await api.client.get("/docs", headers=anybody)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert all(path.startswith(("/docs/", "/openapi.json", "data:,")) for path in loaded), loaded
    files = [path for path in loaded if path.startswith("/docs/")]
    assert {path.rpartition("/")[2] for path in files} == {"swagger-ui.css", "swagger-ui.js", "start.js"}
    for path in files:
        answer = await api.client.get(path, headers=anybody)
        assert answer.status_code == 200, path
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Encoding"] == "gzip"
        plain = await api.client.get(path, headers=anybody | {"Accept-Encoding": "identity"})
        assert plain.content == answer.content


async def test_its_policy_lets_no_script_style_or_request_of_others_in(api: Api) -> None:
    policy = (await api.client.get("/docs")).headers["Content-Security-Policy"]
    rules = {rule.split()[0]: rule.split()[1:] for rule in policy.split("; ")}
    assert rules["default-src"] == rules["frame-ancestors"] == rules["form-action"] == rules["base-uri"] == ["'none'"]
    assert rules["script-src"] == rules["connect-src"] == ["'self'"]
    assert rules["style-src"] == ["'self'", "'unsafe-inline'"]
    assert rules["img-src"] == ["data:"]


async def test_a_file_that_is_not_there_and_one_of_another_version(api: Api) -> None:
    page = (await api.client.get("/docs")).text
    (version,) = set(re.findall(r"/docs/([0-9a-f]{16})/", page))
    for path in (f"/docs/{version}/none.js", f"/docs/{version}/../app.py", "/docs/0000000000000000/start.js"):
        assert (await api.client.get(path)).status_code == 404
    assert "no-store" in (await api.client.get("/docs/0000000000000000/start.js")).headers["Cache-Control"]
