"""People and what they own: users, sessions, memberships, projects, ontologies, image records, uploads.

May import ``storage``, ``core``.
"""
