"""Our sandbox server: E2B's wire over boxes of this machine."""
