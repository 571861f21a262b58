"""Full-text search in a vault: documents, the language of queries, the index on disk, and what is shown of a hit."""
