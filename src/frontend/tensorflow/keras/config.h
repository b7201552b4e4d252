// The configuration of a Keras layer: typed access to a JSON object that nobody checked.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"

namespace bmnet::frontend::tensorflow::keras {

using Json = nlohmann::json;

// Null when `object` is no object or has no such entry.
const Json* find(const Json& object, std::string_view name);

// Entries that are absent or null have the default. One of a wrong type or size has it too, and is remembered:
// problem() must be asked before the result is used.
class Config {
 public:
  explicit Config(const Json& object) : object_(&object) {}

  bool has(std::string_view name) const { return entry(name) != nullptr; }
  const Json* entry(std::string_view name) const;  // null: absent or null
  int64_t integer(std::string_view name, int64_t otherwise) const;
  float number(std::string_view name, float otherwise) const;
  bool flag(std::string_view name, bool otherwise) const;
  std::string text(std::string_view name, std::string_view otherwise) const;
  // A list of integers, or one alone; empty when absent.
  std::vector<int64_t> integers(std::string_view name) const;
  std::vector<float> numbers(std::string_view name) const;
  // `count` sizes from 1 on: a list, or one number for all.
  Shape sizes(std::string_view name, size_t count, int64_t otherwise) const;

  Status problem() const;

 private:
  void complain(std::string_view name, std::string_view expected) const;

  const Json* object_;
  mutable std::string problem_;
};

// Integers beyond +-2^40 are cut to that.
int64_t integer_of(const Json& number);

}  // namespace bmnet::frontend::tensorflow::keras
