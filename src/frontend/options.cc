#include "frontend/options.h"

#include <algorithm>
#include <charconv>

namespace bmnet::frontend {
namespace {

bool opens(char c) { return c == '[' || c == '('; }
bool closes(char c) { return c == ']' || c == ')'; }

Result<Shape> parse_dims(std::string_view text, std::string_view whole) {
  Shape shape;
  while (!text.empty()) {
    int64_t dim = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), dim);
    const size_t used = end - text.data();
    if (status != std::errc() || (used < text.size() && text[used] != ',') || dim < 1)
      return user_error("shapes '{}': '{}' is not a list of dimensions from 1 on; write [1,3,224,224]", whole, text);
    shape.push_back(dim);
    text.remove_prefix(std::min(text.size(), used + 1));
  }
  return shape;
}

// Takes away one pair of brackets around the whole text, if it holds further brackets: "[[1],[2]]" -> "[1],[2]".
std::string_view without_outer_brackets(std::string_view text) {
  if (text.size() < 2 || !opens(text.front()) || !closes(text.back())) return text;
  int depth = 0;
  bool nested = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (opens(text[i])) nested |= ++depth > 1;
    if (closes(text[i]) && --depth == 0 && i + 1 < text.size()) return text;
  }
  return nested ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

Result<std::vector<InputShape>> parse_shapes(std::string_view text) {
  std::string compact;
  std::copy_if(text.begin(), text.end(), std::back_inserter(compact),
               [](char c) { return c != ' ' && c != '\t' && c != '\n'; });
  std::string_view rest = without_outer_brackets(compact);
  std::vector<InputShape> shapes;
  while (!rest.empty()) {
    const size_t begin = rest.find_first_of("[(");
    const size_t end = rest.find_first_of("])");
    if (begin == rest.npos || end == rest.npos || end < begin || (begin > 0 && rest[begin - 1] != ':'))
      return user_error("shapes '{}': one group of brackets per input is expected, as in [1,3,224,224],[1,10]", text);
    BMNET_ASSIGN(Shape shape, parse_dims(rest.substr(begin + 1, end - begin - 1), text));
    shapes.push_back({std::string(rest.substr(0, begin > 0 ? begin - 1 : 0)), std::move(shape)});
    rest.remove_prefix(end + 1);
    if (!rest.empty() && rest.front() != ',')
      return user_error("shapes '{}': a comma is expected between two shapes", text);
    if (!rest.empty()) rest.remove_prefix(1);
  }
  return shapes;
}

}  // namespace bmnet::frontend
