import sys

import bmnet

sys.exit(bmnet.main("bmnetd", sys.argv[1:]))
