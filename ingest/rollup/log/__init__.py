"""The topic, read: which partitions, from where, what is applied together, and what is set aside."""
