"""What a server needs to stay well: backups, and what is not wanted any more."""
