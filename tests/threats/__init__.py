"""The threat table: what somebody who means ill would try. Row NN is the promise `threat.NN`.

Rows that a test elsewhere shows already carry the mark there; `test_table` knows that none is missing.
"""
