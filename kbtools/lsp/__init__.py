"""The language server: a vault with its unsaved texts -> diagnostics, completion, navigation, rename, as editors ask for them."""
