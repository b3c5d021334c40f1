# SPDX-License-Identifier: MIT
"""What the folder takes from bench/side_by_side.py, which is found from here whoever starts."""

import os
import sys

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BENCH_FOLDER = os.path.join(TREE, "bench")
if BENCH_FOLDER not in sys.path:
    sys.path.append(BENCH_FOLDER)

side = __import__("side_by_side")
Failed = side.Failed
say = side.say
table = side.table
revision = side.revision
