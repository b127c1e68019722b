"""`python -m target_tiktokshop`."""

from target_tiktokshop.target import main

main()
