#include "frontend/darknet/cfg.h"

#include <algorithm>
#include <cmath>

#include "base/number.h"

namespace bmnet::frontend::darknet {
namespace {

constexpr size_t kMaxSections = 10000;

std::string without_blanks(std::string_view text) {
  std::string result;
  for (char c : text)
    if (!std::isspace(static_cast<unsigned char>(c))) result += c;
  return result;
}

Result<double> to_number(const Section& section, const std::string& key, const std::string& text) {
  const auto value = parse_finite(text);
  if (!value) return user_error("line {}: [{}] {}={} is not a number", section.line, section.type, key, text);
  return *value;
}

}  // namespace

Result<int64_t> Section::integer(const std::string& key, int64_t otherwise) const {
  BMNET_ASSIGN(const double value, number(key, static_cast<double>(otherwise)));
  constexpr double kLimit = 1 << 30;
  if (value < -kLimit || value > kLimit)
    return user_error("line {}: [{}] {}={} is out of range", line, type, key, value);
  return static_cast<int64_t>(value);
}

Result<double> Section::number(const std::string& key, double otherwise) const {
  const auto found = values.find(key);
  return found == values.end() ? Result<double>(otherwise) : to_number(*this, key, found->second);
}

std::string Section::text(const std::string& key, const std::string& otherwise) const {
  const auto found = values.find(key);
  return found == values.end() ? otherwise : found->second;
}

Result<std::vector<double>> Section::numbers(const std::string& key) const {
  std::vector<double> result;
  const std::string list = text(key, "");
  for (size_t begin = 0; begin < list.size();) {
    const size_t comma = std::min(list.find(',', begin), list.size());
    if (comma > begin) {
      BMNET_ASSIGN(const double value, to_number(*this, key, list.substr(begin, comma - begin)));
      result.push_back(value);
    }
    begin = comma + 1;
  }
  return result;
}

Result<std::vector<Section>> parse_cfg(std::string_view text, std::string_view file) {
  std::vector<Section> sections;
  int number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = without_blanks(text.substr(begin, end - begin));
    begin = end + 1;
    ++number;
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line[0] == '[') {
      if (line.back() != ']') return user_error("{}: line {}: '{}' is not a section", file, number, line);
      if (sections.size() == kMaxSections) return user_error("{}: more than {} sections", file, kMaxSections);
      sections.push_back({line.substr(1, line.size() - 2), number, {}});
      continue;
    }
    const size_t equals = line.find('=');
    if (equals == std::string::npos || sections.empty())
      return user_error("{}: line {}: '{}' is neither a section nor key=value: not a Darknet cfg?", file, number,
                        line.substr(0, 60));
    sections.back().values[line.substr(0, equals)] = line.substr(equals + 1);
  }
  if (sections.empty() || (sections[0].type != "net" && sections[0].type != "network"))
    return user_error("{}: the first section is not [net]: not a Darknet cfg", file);
  return sections;
}

}  // namespace bmnet::frontend::darknet
