import sys

import bmnet

sys.exit(bmnet.main("bmnett", sys.argv[1:]))
