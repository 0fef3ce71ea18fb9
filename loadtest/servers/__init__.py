"""What is measured: our processes started for it, what they use and ask for, and bare programs beside them."""
