"""Methods of other projects, where their packages are installed: Cellpose, StarDist, InstanSeg.

Each is offered only where its package can be found; the package itself is imported when it is first run, in a worker.
Weights are the user's choice; nothing is downloaded unless the package does so for a name that the user gave.
"""
