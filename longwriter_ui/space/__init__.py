"""The studio as a Hugging Face Space: a folder that can be pushed as it is, and pushing it."""
