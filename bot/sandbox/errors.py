"""What goes wrong with the sandbox."""


class SandboxError(Exception):
    """The sandbox itself failed, through no fault of the program; trying again may help."""
