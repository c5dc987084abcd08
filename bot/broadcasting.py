"""Sending a broadcast: a portion of its copies a job, in the reader's language, at the pace the platforms allow."""
