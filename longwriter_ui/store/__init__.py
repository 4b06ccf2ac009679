"""Drafts on disk. Only this package knows SQL."""
