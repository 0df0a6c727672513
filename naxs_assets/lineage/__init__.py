"""How results are kept: immutable files, the ledger of what was made from what, and its walks."""
