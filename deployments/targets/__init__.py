"""Targets: the contract, one package or module for each, and the registry with a line for each."""
