"""Long work: jobs of tasks in an SQL ledger, a dispatcher, and executors that run the tasks.

May import ``storage``, ``core``. What a task does is told by handlers, which ``workflows`` provides.
"""
