// Text for people that may hold anything, because it comes from a damaged file.
#pragma once

#include <string>
#include <string_view>

namespace bmnet {

// `text` with control characters (but line feeds and tabs) and bytes that are not UTF-8 written as \xNN.
std::string printable(std::string_view text);

}  // namespace bmnet
