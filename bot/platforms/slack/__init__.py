"""Slack: its payloads read into events, screens drawn as blocks and views."""
