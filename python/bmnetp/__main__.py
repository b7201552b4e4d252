import sys

import bmnet

sys.exit(bmnet.main("bmnetp", sys.argv[1:]))
