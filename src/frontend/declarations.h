// Attributes as the rows of mapping tables declare them: "auto_pad:s group:i pads:is", names with types, blank between.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bmnet::frontend {

struct DeclaredAttribute {
  std::string_view name, type;
};
std::vector<DeclaredAttribute> declared_attributes(std::string_view declarations);

// The type of one of them; empty when it is not declared.
std::string_view declared_type(std::string_view declarations, std::string_view name);

// "auto_pad group pads".
std::string attribute_names(std::string_view declarations);

}  // namespace bmnet::frontend
