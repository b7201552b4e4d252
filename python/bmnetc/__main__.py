import sys

import bmnet

sys.exit(bmnet.main("bmnetc", sys.argv[1:]))
