"""Questions about a vault, answered from what was read of it: why a link means what it means, who is named without a link, what
a note asks its reader. Pure."""
