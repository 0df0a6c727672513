"""AKShare's functions, family by family: what is called and how the answers are read.

Column names and their order are those of the installed AKShare's source, units those of its
upstreams. Nothing is fetched here and AKShare is not imported.
"""
