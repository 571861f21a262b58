"""What goes wrong with a request (never with the notes: that is a `Finding`)."""


class KbError(Exception):
    """The request cannot be met. `message` says what is true, `hint` what to do; one line on stderr, exit 2."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ConfigError(KbError):
    """The configuration is wrong; the message names the file, the key and the values it may take."""


class VaultError(KbError):
    """There is no vault where one was asked for."""


class NoteError(KbError):
    """A note named on the command line does not exist or is named by several files."""
