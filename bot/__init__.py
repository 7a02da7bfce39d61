"""How it runs: pipeline, channels, storage, durable work, web pages and commands."""
