// The command line of bmrt_test.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"

namespace bmnet::bmrt_test {

struct Options {
  std::vector<std::string> context_dirs;  // --context_dir, --append_dir, and those of --bmodel_list
  std::string bmodel;                     // --bmodel: zero input, no comparison
  int device = 0;
  bool compare = true;
  double accuracy_f = 0.01;
  long accuracy_i = 0;
  int loops = 1;
  int launches = 1;  // --calculate_times
  int threads = 1;
  uint64_t prealloc = 0;
  std::string output_ref = "output_ref_data.dat";
  bool export_output = false, export_neuron = false, debug_output = false;
  int net_idx = -1, stage_idx = -1;  // -1: all
  std::vector<Shape> shapes;
  bool profile = false, subnet_time = false, only_compare_last = false;
  bool detect_races = false;  // ours
  std::string device_name;    // ours: simulator or cmodel=PATH
  bool version = false, help = false;
};

// `arguments` without the program's name. "--name value", "--name=value", one dash or two.
Result<Options> parse(const std::vector<std::string>& arguments);

// "[1,3,4,5],[2]"
Result<std::vector<Shape>> parse_shapes(const std::string& text);

std::string help_text();

}  // namespace bmnet::bmrt_test
