"""What is fuzzed, a module each: ``run(data)`` raises if these bytes do what none may; ``WORDS`` are worth a try."""
