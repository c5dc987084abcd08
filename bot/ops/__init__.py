"""What an operator does: run the processes, look at each state, back up and restore, check the audit chain."""
