// The commands of the program bmnet; each takes its arguments and returns the exit code.
#pragma once

#include <string>
#include <vector>

namespace bmnet::tool {

using Arguments = std::vector<std::string>;

int compile_command_main(const Arguments& arguments);
int run_main(const Arguments& arguments);
int debug_main(const Arguments& arguments);
int compare_main(const Arguments& arguments);
int info_main(const Arguments& arguments);
int disasm_main(const Arguments& arguments);
int profile_main(const Arguments& arguments);
int doctor_main(const Arguments& arguments);
int list_ops_main(const Arguments& arguments);
int check_models_main(const Arguments& arguments);
int check_suites_main(const Arguments& arguments);
int isa_check_main(const Arguments& arguments);
int isa_fuzz_main(const Arguments& arguments);
int isa_coverage_main(const Arguments& arguments);
int compare_devices_main(const Arguments& arguments);

}  // namespace bmnet::tool
