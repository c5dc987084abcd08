"""Telegram: its updates read into events, screens drawn as messages and keyboards."""
