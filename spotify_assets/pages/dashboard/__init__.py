"""The private dashboard: pages that Streamlit serves to whoever signed in.

Belongs here: a module for each page with what it looks like, and beside it a file of its questions.
Does not belong here: any rule of what is shown (macros and tables of the warehouse), and who may
see it (``pages.sign_in``).
"""
