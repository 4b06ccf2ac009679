"""Trains the demonstration model: grammar -> tasks -> tokenizer -> model -> GGUF -> evaluation.

`python -m training.demo` runs the whole chain; the application never imports this package.
"""
