"""Calendar, instruments, membership and prices of the A-share market, and their quality rules."""
