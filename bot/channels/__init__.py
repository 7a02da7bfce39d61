"""Channels: where candidates talk. Each hands messages to the pipeline and sends replies."""
