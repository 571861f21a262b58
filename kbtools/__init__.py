"""kb: a checker for Obsidian vaults whose code is proven."""

__version__ = "0.1.0"
