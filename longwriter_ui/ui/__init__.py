"""The page: Gradio components and the board. Only this package imports gradio; nothing imports it but the app."""
