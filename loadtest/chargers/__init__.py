"""What a simulated charger is, says and answers: for the simulator and the load test. Pure: no socket, no clock."""
