"""Asking the web whether addresses are alive: politely, with a memory, and never where a private network begins."""
