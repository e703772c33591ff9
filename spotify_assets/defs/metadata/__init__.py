"""What the UI shows of an asset and of each materialization.

Belongs here: columns, lineage, previews, links. Does not belong here: the assets.
"""
