"""LongWriter Studio: long pieces, written step by step by a model on one's own machine.

    brief     what the person wants: an instruction, a length, a language
    plan      the model's steps, one a paragraph, edited by the person before anything is written
    draft     the plan with its text; every answer and every edit is a version
    prompts   what the model is asked, for each mode
    engine    turns a conversation into text (llama.cpp, or a script for tests)
    pipeline  plan(brief) and write(draft): iterators of events
    store     drafts on disk (SQLite), with a revision for every change
    export    Markdown, DOCX, PDF and more, all over one rendering
    weights   model files: which there are, what fits, downloads
    studio    what the page and the command line use: jobs in a worker, edits, saving, export
    evaluate  what was written, measured as in the paper; dataset makes training data of it
    ui, cli   the page and the command line

A module imports only what stands above it; tests/test_layers.py checks it.
"""

__version__ = "0.1.0"
