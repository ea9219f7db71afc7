"""From study directories to tables and reports.

``load`` reads a study directory into tidy frames, ``select`` picks configurations on validation
metrics, ``tables`` arranges rows into the table of each question, ``markdown`` prints them, and
``report`` assembles the parts and is the only module that writes. Nothing here trains, imports
torch or starts Ray, and nothing read from a results directory is ever unpickled.
"""
