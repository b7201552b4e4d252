#!/usr/bin/python3
"""opencv.py MODEL [WEIGHTS]: times the reading of a model by OpenCV's DNN module (Debian: python3-opencv)."""
import json
import resource
import sys
import time

try:
    import cv2
except ImportError:
    print("python3-opencv is not installed", file=sys.stderr)
    sys.exit(3)

before = resource.getrusage(resource.RUSAGE_SELF)
start = time.monotonic()
try:
    cv2.dnn.readNet(*sys.argv[1:])
except cv2.error as error:
    print(json.dumps({"refused": str(error).splitlines()[0]}))
    sys.exit()
seconds = time.monotonic() - start
usage = resource.getrusage(resource.RUSAGE_SELF)
spent = usage.ru_utime + usage.ru_stime - before.ru_utime - before.ru_stime
print(json.dumps({"seconds": seconds, "cpu_seconds": spent, "peak_bytes": usage.ru_maxrss * 1024}))
