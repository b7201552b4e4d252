#include "frontend/tensorflow/keras/config.h"

#include <algorithm>

#include "frontend/emitter.h"

namespace bmnet::frontend::tensorflow::keras {
namespace {

// Keras writes whole numbers as 2 or as 2.0.
bool is_whole(const Json& json) {
  if (json.is_number_integer()) return true;
  if (!json.is_number_float()) return false;
  const double value = json.get<double>();
  return value > -1e12 && value < 1e12 && value == static_cast<double>(static_cast<int64_t>(value));
}

}  // namespace

const Json* find(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

int64_t integer_of(const Json& number) {
  if (number.is_number_float()) return tamed(static_cast<int64_t>(number.get<double>()));
  if (number.is_number_unsigned())
    return tamed(static_cast<int64_t>(std::min<uint64_t>(number.get<uint64_t>(), INT64_MAX)));
  return tamed(number.get<int64_t>());
}

const Json* Config::entry(std::string_view name) const {
  const Json* found = find(*object_, name);
  return found && !found->is_null() ? found : nullptr;
}

void Config::complain(std::string_view name, std::string_view expected) const {
  if (problem_.empty()) problem_ = fmt::format("'{}' of its configuration is not {}", name, expected);
}

Status Config::problem() const {
  if (problem_.empty()) return {};
  return user_error("{}", problem_);
}

int64_t Config::integer(std::string_view name, int64_t otherwise) const {
  const Json* found = entry(name);
  if (!found) return otherwise;
  if (is_whole(*found)) return integer_of(*found);
  complain(name, "an integer");
  return otherwise;
}

float Config::number(std::string_view name, float otherwise) const {
  const Json* found = entry(name);
  if (!found) return otherwise;
  // A scalar array: {"class_name": "__numpy__", "config": {"value": …}}; older files {"type": "ndarray", "value": …}.
  if (const Json* inner = find(*found, "config")) found = inner;
  if (const Json* value = find(*found, "value")) found = value;
  if (found->is_number()) return found->get<float>();
  complain(name, "a number");
  return otherwise;
}

bool Config::flag(std::string_view name, bool otherwise) const {
  const Json* found = entry(name);
  if (!found) return otherwise;
  if (found->is_boolean()) return found->get<bool>();
  complain(name, "true or false");
  return otherwise;
}

std::string Config::text(std::string_view name, std::string_view otherwise) const {
  const Json* found = entry(name);
  if (!found) return std::string(otherwise);
  if (found->is_string()) return found->get<std::string>();
  complain(name, "a text");
  return std::string(otherwise);
}

std::vector<int64_t> Config::integers(std::string_view name) const {
  const Json* found = entry(name);
  if (!found) return {};
  if (is_whole(*found)) return {integer_of(*found)};
  if (!found->is_array() || !std::ranges::all_of(*found, is_whole)) {
    complain(name, "a list of integers");
    return {};
  }
  std::vector<int64_t> values;
  for (const Json& item : *found) values.push_back(integer_of(item));
  return values;
}

std::vector<float> Config::numbers(std::string_view name) const {
  const Json* found = entry(name);
  if (!found) return {};
  if (const Json* inner = find(*found, "config")) found = inner;
  if (const Json* value = find(*found, "value")) found = value;
  if (found->is_number()) return {found->get<float>()};
  std::vector<float> values;
  // Arrays with axes of size 1 around the numbers are as good.
  while (found->is_array() && found->size() == 1 && found->front().is_array()) found = &found->front();
  if (found->is_array() && std::ranges::all_of(*found, [](const Json& item) { return item.is_number(); })) {
    for (const Json& item : *found) values.push_back(item.get<float>());
  } else {
    complain(name, "a list of numbers");
  }
  return values;
}

Shape Config::sizes(std::string_view name, size_t count, int64_t otherwise) const {
  Shape values = integers(name);
  if (values.empty()) values = {otherwise};
  if (values.size() == 1) values.resize(count, values[0]);
  if (values.size() == count && std::ranges::all_of(values, [](int64_t size) { return size >= 1; })) return values;
  complain(name, fmt::format("one size or {}, from 1 on", count));
  return Shape(count, std::max<int64_t>(otherwise, 1));
}

}  // namespace bmnet::frontend::tensorflow::keras
