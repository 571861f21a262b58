"""Renaming, planned: what must be written in which file so that every link goes on meaning what it means. Pure."""
