#include "frontend/declarations.h"

#include <algorithm>

namespace bmnet::frontend {

std::vector<DeclaredAttribute> declared_attributes(std::string_view declarations) {
  std::vector<DeclaredAttribute> attributes;
  while (!declarations.empty()) {
    const std::string_view one = declarations.substr(0, declarations.find(' '));
    declarations.remove_prefix(std::min(declarations.size(), one.size() + 1));
    const size_t colon = one.find(':');
    attributes.push_back({one.substr(0, colon), colon == one.npos ? std::string_view() : one.substr(colon + 1)});
  }
  return attributes;
}

std::string_view declared_type(std::string_view declarations, std::string_view name) {
  for (const DeclaredAttribute& attribute : declared_attributes(declarations))
    if (attribute.name == name) return attribute.type;
  return {};
}

std::string attribute_names(std::string_view declarations) {
  std::string names;
  for (const DeclaredAttribute& attribute : declared_attributes(declarations)) {
    if (!names.empty()) names += ' ';
    names += attribute.name;
  }
  return names;
}

}  // namespace bmnet::frontend
