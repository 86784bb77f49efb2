"""Tables that people upload and download: .xlsx and .csv, row by row, with flat memory.

Reading begins in `opening.py`, which knows what a file is from its bytes; `workbooks.py` and
`delimited.py` read the two kinds. `writing.py` writes both. All sentences about files that cannot
be read are in `problems.py`.
"""
