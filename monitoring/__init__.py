"""What watches Plugwatch: Prometheus, its rules, Alertmanager, dashboards. Black boxes: nothing of ours is imported."""
