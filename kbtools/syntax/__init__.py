"""Text -> Note: `note.parse_note` is total. Nothing is imported here, for to fold a name no parser is needed."""
