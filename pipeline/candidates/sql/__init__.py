"""Parts of statements over this room's tables, for the rooms above that change many at once.

Each part is SQL with a name and documented columns. What it asks for is SQL, too: a column, a
parameter, a table expression of the statement that it becomes part of.
"""
