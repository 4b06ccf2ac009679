"""Measuring what was written, as LongBench-Write and LongWrite-Ruler do (LongWriter, arXiv 2408.07055).

    prompts      what is to be written, from files of the benchmark's form
    run          a folder with everything about one run: prompts, settings, what was written
    length       the length score
    quality      the six dimensions, scored by a judge
    ruler        how long an answer the model can write at all
    repetition   what long writing dies of
    bins         by length and by language
    confidence   how sure a mean is
    results      all figures of a run
    report       the figures as HTML and Markdown; plots draws them

Nothing here writes a piece: that is the studio's work, and `evaluation` brings both together.
"""
