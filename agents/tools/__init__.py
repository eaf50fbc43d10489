"""The tools that agents may use. Each file of this folder is one kind; `shelf` lists them."""
