"""bmnetu from Python: see the package bmnet."""

import bmnet

compile = bmnet.compiler("bmnetu")
