"""What the figures are held against: the usual code of the field, as short as it can be, each a process of its own."""
