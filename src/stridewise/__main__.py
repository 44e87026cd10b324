"""Run the command line with `python -m stridewise`."""

import sys

from stridewise.cli import main

sys.exit(main())
