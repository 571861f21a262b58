"""`python -P prelude.py ROOT FILE`: runs one snippet alone, as `__main__`, with the project importable and without a network.

Imports the standard library only.
"""

import runpy
import sys

CALLS = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname")
HERE = ("localhost", "127.0.0.1", "::1", "", None)


def refuse_network(event: str, args: tuple[object, ...]) -> None:
    """An audit hook: other machines are out of reach, this one is not (processes of one program talk to each other)."""
    if event not in CALLS:
        return
    host = args[0] if event.startswith("socket.get") else args[-1]
    if isinstance(host, tuple):
        host = host[0]
    if isinstance(host, bytes):
        host = host.decode("utf-8", "replace")
    if host in HERE or (isinstance(host, str) and host.startswith(("/", "\0"))):
        return
    raise PermissionError(f"a snippet reaches no network, and this one asked for '{host}'")


def main() -> None:
    """Run sys.argv[2] with sys.argv[1] on the path."""
    root, file = sys.argv[1:3]
    sys.path.insert(0, root)
    sys.argv[:] = [file]
    sys.addaudithook(refuse_network)
    runpy.run_path(file, run_name="__main__")


if __name__ == "__main__":
    main()
