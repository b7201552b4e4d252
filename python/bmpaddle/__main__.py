import sys

import bmnet

sys.exit(bmnet.main("bmpaddle", sys.argv[1:]))
