"""Engines turn a conversation into text. `base` is the contract; every other module is one way to fulfil it."""
