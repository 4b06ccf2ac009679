"""Instructions to start from, one for each kind of text."""

from __future__ import annotations

EXAMPLES = {
    "Long essay": (
        "A long essay on the history of lighthouses, for a reader who likes the sea but knows nothing of engineering. "
        "Begin with fires on headlands and end with the automated lamps of today. Be exact about dates and names, "
        "plain in tone, and leave some room for weather."
    ),
    "Short story": (
        "A short story about a night watchman in a museum of clocks who notices that one of them runs backwards. "
        "Third person, past tense, quiet and a little strange. Let the ending stay open."
    ),
    "Report": (
        "A report for a town council on turning two parking streets in the centre into a pedestrian zone. Describe the "
        "present state, three options with costs and effects on shops, traffic and noise, and a recommendation."
    ),
    "How-to guide": (
        "A guide to baking sourdough bread at home for complete beginners: the starter, the tools, one basic loaf step "
        "by step, what can go wrong and how to tell. Friendly, practical, no jargon without an explanation."
    ),
    "Travel piece": (
        "A travel guide to three days in Lisbon in early spring, on foot and by tram. For people who like food, tiles "
        "and viewpoints more than museums. Name streets and times of day, and say what to do when it rains."
    ),
    "Lecture": (
        "A lecture for first-year students on why the night sky is dark. Start from the puzzle, go through the wrong "
        "answers of earlier centuries, and explain the modern one without formulas."
    ),
}
