"""What benchmarks and floods are held against: our processes started for it, and a bare server as the baseline."""
