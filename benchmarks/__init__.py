"""How fast it is and how much memory it takes: ``python -m benchmarks``, or ``make bench``.

Belongs here: one module for each bench (``processed``, ``genre_day``, ``demo``, ``sandbox``), the
programs that they start and measure (``raw_files``, ``from_raw``, ``floor``, ``imports``,
``steps``), and what all of them need: processes and their cost (``measuring``), tables
(``reporting``).
Does not belong here: whether the project is right; that is for the tests.

Whatever is measured runs in a process of its own. The process that measures imports nothing large,
because on Linux a child's peak memory begins at that of its parent.
"""
