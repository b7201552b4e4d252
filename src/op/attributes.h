// The attributes of an operator call: names and values, complete (defaults are already filled in).
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"

namespace bmnet::op {

using Attribute = std::variant<bool, int64_t, float, std::string, std::vector<int64_t>, std::vector<float>>;

// Ordered by name, so that everything derived from it is deterministic.
class Attributes {
 public:
  Attributes() = default;
  Attributes(std::initializer_list<std::pair<const std::string, Attribute>> values) : values_(values) {}

  bool has(std::string_view name) const { return values_.find(name) != values_.end(); }
  void set(std::string name, Attribute value) { values_.insert_or_assign(std::move(name), std::move(value)); }

  // The value of a required attribute; kBug when it is absent or of another type (the dialect's verifier excludes
  // both).
  template <typename T>
  Result<T> get(std::string_view name) const {
    const auto it = values_.find(name);
    if (it == values_.end()) return bug("attribute '{}' is missing", name);
    if (const T* value = std::get_if<T>(&it->second)) return *value;
    return bug("attribute '{}' has another type", name);
  }
  // The value of an optional attribute.
  template <typename T>
  T get_or(std::string_view name, T otherwise) const {
    const auto it = values_.find(name);
    const T* value = it == values_.end() ? nullptr : std::get_if<T>(&it->second);
    return value ? *value : otherwise;
  }

  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }
  bool operator==(const Attributes&) const = default;

 private:
  std::map<std::string, Attribute, std::less<>> values_;
};

// CBOR, for parameters of CPU layers. Same attributes, same bytes.
std::vector<uint8_t> to_cbor(const Attributes& attributes);
Result<Attributes> from_cbor(std::span<const uint8_t> bytes);

// "group = 1, pads = [1,1,1,1]"
std::string to_string(const Attributes& attributes);

}  // namespace bmnet::op
