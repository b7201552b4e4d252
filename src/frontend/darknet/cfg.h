// A Darknet network description: sections of key=value lines.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace bmnet::frontend::darknet {

struct Section {
  std::string type;  // "convolutional"
  int line = 0;      // of its [type], from 1
  std::map<std::string, std::string> values;

  bool has(const std::string& key) const { return values.contains(key); }
  Result<int64_t> integer(const std::string& key, int64_t otherwise) const;
  Result<double> number(const std::string& key, double otherwise) const;
  std::string text(const std::string& key, const std::string& otherwise) const;
  Result<std::vector<double>> numbers(const std::string& key) const;  // comma separated; empty when absent
};

// Comments (# ;) and blanks go; a repeated key means its last value. Errors name the line.
Result<std::vector<Section>> parse_cfg(std::string_view text, std::string_view file);

}  // namespace bmnet::frontend::darknet
