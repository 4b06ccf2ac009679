"""Gradio's theme, with the same values as the tokens in assets/board/tokens.css."""

from __future__ import annotations

import gradio as gr

_SANS = ["system-ui", "-apple-system", "Segoe UI", "Noto Sans", "PingFang SC", "Microsoft YaHei", "sans-serif"]
_MONO = ["ui-monospace", "Menlo", "Consolas", "Noto Sans Mono", "monospace"]


def theme() -> gr.themes.Base:
    """System fonts only: nothing is fetched from anywhere."""
    return gr.themes.Base(
        font=_SANS, font_mono=_MONO, radius_size=gr.themes.sizes.radius_sm, text_size=gr.themes.sizes.text_sm
    ).set(
        body_background_fill="var(--paper)",
        body_background_fill_dark="var(--paper)",
        body_text_color="var(--ink)",
        body_text_color_dark="var(--ink)",
        body_text_color_subdued="var(--ink-2)",
        body_text_color_subdued_dark="var(--ink-2)",
        block_background_fill="var(--sheet)",
        block_background_fill_dark="var(--sheet)",
        block_label_text_color="var(--ink)",
        block_label_text_color_dark="var(--ink)",
        block_title_text_color="var(--ink)",
        block_title_text_color_dark="var(--ink)",
        block_title_text_weight="600",
        block_info_text_color="var(--ink-2)",
        block_info_text_color_dark="var(--ink-2)",
        border_color_primary="var(--line)",
        border_color_primary_dark="var(--line)",
        border_color_accent="var(--accent)",
        border_color_accent_dark="var(--accent)",
        color_accent="var(--accent)",
        color_accent_soft="var(--accent-soft)",
        color_accent_soft_dark="var(--accent-soft)",
        background_fill_primary="var(--sheet)",
        background_fill_primary_dark="var(--sheet)",
        background_fill_secondary="var(--sunk)",
        background_fill_secondary_dark="var(--sunk)",
        input_background_fill="var(--sheet)",
        input_background_fill_dark="var(--sheet)",
        input_border_color="var(--line-strong)",
        input_border_color_dark="var(--line-strong)",
        input_border_color_focus="var(--accent)",
        input_border_color_focus_dark="var(--accent)",
        input_placeholder_color="var(--ink-3)",
        input_placeholder_color_dark="var(--ink-3)",
        button_primary_background_fill="var(--accent)",
        button_primary_background_fill_dark="var(--accent)",
        button_primary_background_fill_hover="var(--accent-hover)",
        button_primary_background_fill_hover_dark="var(--accent-hover)",
        button_primary_text_color="var(--on-accent)",
        button_primary_text_color_dark="var(--on-accent)",
        button_secondary_background_fill="var(--sheet)",
        button_secondary_background_fill_dark="var(--sheet)",
        button_secondary_border_color="var(--line-strong)",
        button_secondary_border_color_dark="var(--line-strong)",
        button_secondary_text_color="var(--ink)",
        button_secondary_text_color_dark="var(--ink)",
    )
