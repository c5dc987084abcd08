"""Tests of scheduling.programme."""
