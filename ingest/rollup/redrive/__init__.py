"""By hand: dead letters shown and sent again, one record passed."""
