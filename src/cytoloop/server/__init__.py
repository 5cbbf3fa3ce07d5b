"""The web server: HTTP, events, authorization at the door, static files. The only place that knows HTTP."""
