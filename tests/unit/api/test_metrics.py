"""The metrics never take a label from what a client writes."""

from types import SimpleNamespace

from prometheus_client import CollectorRegistry

from api.metrics import Metrics


def test_made_up_methods_and_unmatched_paths_share_one_label() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    metrics.answered({"method": "BREW", "path": "/v1/stations/S1"}, 404, 0.001)
    metrics.answered({"method": "SPIN", "path": "/favicon.ico"}, 404, 0.001)
    labels = {"method": "other", "route": "<unmatched>", "status": "404"}
    assert registry.get_sample_value("plugwatch_api_requests_total", labels) == 2


def test_a_route_is_its_template() -> None:
    registry = CollectorRegistry()
    scope = {"method": "GET", "path": "/v1/stations/S1", "route": SimpleNamespace(path="/v1/stations/{station_id}")}
    Metrics(registry).answered(scope, 200, 0.02)
    labels = {"method": "GET", "route": "/v1/stations/{station_id}"}
    assert registry.get_sample_value("plugwatch_api_requests_total", labels | {"status": "200"}) == 1
    assert registry.get_sample_value("plugwatch_api_request_seconds_sum", labels) == 0.02


def test_a_probe_is_a_route_of_its_own() -> None:
    registry = CollectorRegistry()
    Metrics(registry).answered({"method": "GET", "path": "/readyz", "endpoint": object()}, 503, 0.001)
    labels = {"method": "GET", "route": "/readyz", "status": "503"}
    assert registry.get_sample_value("plugwatch_api_requests_total", labels) == 1


def test_what_a_path_has_in_it_is_no_label() -> None:
    registry = CollectorRegistry()
    scope = {"method": "GET", "path": "/problems/guess", "endpoint": object(), "path_params": {"name": "guess"}}
    Metrics(registry).answered(scope, 404, 0.001)
    labels = {"method": "GET", "route": "<unmatched>", "status": "404"}
    assert registry.get_sample_value("plugwatch_api_requests_total", labels) == 1
