"""What comes from outside: the Web API and the exports of an account.

Belongs here: fetching and reading. Does not belong here: what becomes of it (`transforms`), where
it is kept (`lake`).
"""
