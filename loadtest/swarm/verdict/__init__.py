"""What came of it: Locust's statistics in; figures, marks, reports and a picture out."""
