"""The demo: its page, its terminal, its transcripts."""
