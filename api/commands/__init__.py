"""What chargers are asked to do: service, trigger, reset, unlock, trace."""
