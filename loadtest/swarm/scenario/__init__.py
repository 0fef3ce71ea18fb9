"""What is asked for: options in, a plan out. It knows no user and no figure."""
