"""What is made of the figures: the table, the plot, and two pages of docs/. Pure but for its ``__main__``."""
