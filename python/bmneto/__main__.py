import sys

import bmnet

sys.exit(bmnet.main("bmneto", sys.argv[1:]))
