"""Models as files: which there are, what fits this machine, how they get here whole."""
