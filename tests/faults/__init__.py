"""The fault matrix: what Parley does when what it stands on fails. Row NN is the promise `faults.NN`.

Rows that a test elsewhere shows already carry the mark there; `test_matrix` knows that none is missing.
"""
