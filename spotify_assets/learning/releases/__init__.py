"""What is fitted to the streams of a label: predictions of them, and what a campaign added.

Belongs here: candidates, their evaluation, intervals, and the effect of campaigns; each a pure
function of the tables of releases. Does not belong here: reading and storing, and when something is
fitted. LightGBM is imported inside the functions that fit or predict with it.
"""
