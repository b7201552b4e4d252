// For tests of the MXNet front end: symbols of one node, parameter files.
#pragma once

#include <gmock/gmock.h>

#include <string>

#include "frontend/mxnet/import.h"
#include "frontend/testing.h"

namespace bmnet::frontend::mxnet {

// A parameter file in any of the record versions.
class ParamsWriter {
 public:
  enum Version : uint32_t { kOld = 0, kV1 = 0xF993FAC8, kV2 = 0xF993FAC9, kV3 = 0xF993FACA };
  explicit ParamsWriter(Version version = kV2) : version_(version) {}

  ParamsWriter& array(const std::string& name, std::vector<int64_t> shape, std::vector<float> values) {
    if (version_ != kOld) number<uint32_t>(arrays_, version_);
    if (version_ == kV2 || version_ == kV3) number<int32_t>(arrays_, 0);
    number<uint32_t>(arrays_, static_cast<uint32_t>(shape.size()));
    for (const int64_t dim : shape) {
      version_ == kOld ? number<uint32_t>(arrays_, static_cast<uint32_t>(dim)) : number<int64_t>(arrays_, dim);
    }
    number<int32_t>(arrays_, 1), number<int32_t>(arrays_, 0), number<int32_t>(arrays_, 0);
    for (const float value : values) number(arrays_, value);
    number<uint64_t>(names_, name.size());
    names_ += name;
    ++count_;
    return *this;
  }
  std::string bytes() const {
    std::string file;
    number<uint64_t>(file, 0x112), number<uint64_t>(file, 0), number<uint64_t>(file, count_);
    file += arrays_;
    number<uint64_t>(file, count_);
    return file + names_;
  }

 private:
  template <typename T>
  static void number(std::string& to, T value) {
    to.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  Version version_;
  uint64_t count_ = 0;
  std::string arrays_, names_;
};

// {"key":"value",…} of "key=value;…".
inline std::string json_of(std::string_view attributes) {
  std::string json;
  while (!attributes.empty()) {
    const std::string_view one = attributes.substr(0, attributes.find(';'));
    attributes.remove_prefix(std::min(attributes.size(), one.size() + 1));
    const size_t equals = one.find('=');
    json += fmt::format(R"x({}"{}":"{}")x", json.empty() ? "" : ",", one.substr(0, equals), one.substr(equals + 1));
  }
  return json;
}

// data of `shape` through one node with `attributes` ("key=value;…"); further inputs are the variables in `more`.
inline std::string symbol_of(const std::string& op, const std::string& attributes, const std::string& shape,
                             std::vector<std::string> more = {}, const std::string& key = "attrs") {
  std::string nodes = fmt::format(R"({{"op":"null","name":"data","{}":{{"__shape__":"{}"}},"inputs":[]}})", key, shape);
  std::string inputs = "[0,0,0]";
  for (size_t i = 0; i < more.size(); ++i) {
    nodes += fmt::format(R"(,{{"op":"null","name":"{}","inputs":[]}})", more[i]);
    inputs += fmt::format(",[{},0]", i + 1);
  }
  nodes += fmt::format(R"(,{{"op":"{}","name":"y","{}":{{{}}},"inputs":[{}]}})", op, key, json_of(attributes), inputs);
  return fmt::format(R"({{"nodes":[{}],"arg_nodes":[0],"heads":[[{},0,0]]}})", nodes, more.size() + 1);
}

inline Result<nn::Model> import(const std::string& symbol, const std::string& params = {}) {
  return import_mxnet(symbol, as_bytes(params), "net-symbol.json");
}

inline std::string refusal(const std::string& symbol, const std::string& params = {}) {
  const auto model = import(symbol, params);
  return model ? "imported" : model.error().message;
}

inline std::vector<float> through(const std::string& op, const std::string& attributes, const std::string& shape,
                                  std::vector<float> input) {
  const auto model = import(symbol_of(op, attributes, shape));
  EXPECT_TRUE(model) << model.error().message;
  return model ? test::run_on(*model, std::move(input)) : std::vector<float>();
}

// One node whose further inputs are the arrays of `params`, in this order.
inline std::vector<float> through(const std::string& op, const std::string& attributes, const std::string& shape,
                                  std::vector<float> input, const std::vector<std::string>& names,
                                  const ParamsWriter& params) {
  const auto model = import(symbol_of(op, attributes, shape, names), params.bytes());
  EXPECT_TRUE(model) << model.error().message;
  return model ? test::run_on(*model, std::move(input)) : std::vector<float>();
}

}  // namespace bmnet::frontend::mxnet
