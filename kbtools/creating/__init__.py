"""What is new: a note from a template, a snippet with its proof, a configuration for somebody's vault."""
