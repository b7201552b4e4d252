#include "tool/compile.h"

int main(int argc, char** argv) { return bmnet::tool::compiler_main("bmnetu", argc, argv); }
