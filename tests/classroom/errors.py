"""Errors that the instructor can fix: one line on stderr, and status 1."""


class ClassroomError(Exception):
    """A mistake in the command, or a folder or file that cannot be used."""
