"""Reports to look at: pages that hold all that they show, and open without a server."""
