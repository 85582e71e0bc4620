console:
