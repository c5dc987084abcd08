"""Payloads in, rendering out; the only importers of chat SDKs."""
