"""Objects: edited one by one or many at once, checked and told to the page; what is known of them, in blocks of ids."""
