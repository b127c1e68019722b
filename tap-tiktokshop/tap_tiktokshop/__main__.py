"""`python -m tap_tiktokshop`."""

from tap_tiktokshop.tap import main

main()
