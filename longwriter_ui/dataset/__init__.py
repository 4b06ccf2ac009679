"""Training data in the manner of LongWriter-6k (arXiv 2408.07055), and from a person's own drafts.

    build        instructions -> plan -> write -> filter, restartable, with several models at once
    filters      what is dropped, and why
    drafts       drafts that a person names, as conversations
    preferences  chosen and rejected texts of a paragraph
    check        whether a file is well formed, and how long its answers are

Lines are {"messages": [{"role", "content"}, ...]}, or for pairs {"prompt": [...], "chosen": [...], "rejected":
[...]}: the forms that the common trainers take.
"""
