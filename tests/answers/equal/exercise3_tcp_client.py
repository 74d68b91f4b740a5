"""Changes of exercise 3's solution that no check can see, with the reasons."""

EQUAL: dict[str, list[str]] = {}
