"""The target `render`, against its double, its document, its official client and, with a key, itself."""
