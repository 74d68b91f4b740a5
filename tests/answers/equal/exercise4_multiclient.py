"""Small changes of exercise 4's solution that nobody can see from outside."""

EQUAL: dict[str, list[str]] = {}
