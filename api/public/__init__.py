"""What drivers may see of one station, without a token; behind a setting."""
