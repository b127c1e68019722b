"""`python -m tiktokshop_books`."""

import sys

from tiktokshop_books.cli import main

sys.exit(main())
