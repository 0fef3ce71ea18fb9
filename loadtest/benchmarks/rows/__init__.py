"""A row of the table each: what is measured, beside what, and what it is to be."""
