"""Loads the lab's plugin, which turns pytest into the grader of the exercises."""

pytest_plugins = ["tests.harness.plugin"]
