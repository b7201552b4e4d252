import sys

import bmnet

sys.exit(bmnet.main("bmnetm", sys.argv[1:]))
