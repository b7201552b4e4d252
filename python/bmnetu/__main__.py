import sys

import bmnet

sys.exit(bmnet.main("bmnetu", sys.argv[1:]))
