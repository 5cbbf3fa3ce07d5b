"""Networks and training with torch. Never imported by the server, the command line's start or the workflows."""
