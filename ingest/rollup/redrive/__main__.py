"""``python -m ingest.rollup.redrive``: dead letters shown, and sent again."""

import sys

from .redrive import main

sys.exit(main())
