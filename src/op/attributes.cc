#include "op/attributes.h"

#include <nlohmann/json.hpp>

namespace bmnet::op {
namespace {

using Json = nlohmann::json;

// A list is an object of one entry that names its element type, because an empty array has none.
constexpr const char* kInts = "i";
constexpr const char* kFloats = "f";

Json to_json(const Attribute& attribute) {
  return std::visit(
      []<typename T>(const T& value) -> Json {
        if constexpr (std::is_same_v<T, std::vector<int64_t>>)
          return Json{{kInts, value}};
        else if constexpr (std::is_same_v<T, std::vector<float>>)
          return Json{{kFloats, value}};
        else
          return value;
      },
      attribute);
}

// Builds attributes from the events of nlohmann's CBOR reader. Returning false stops the reader at once, so nesting and
// sizes a hostile file claims never become recursion or memory.
class AttributesReader : public nlohmann::json_sax<Json> {
 public:
  Attributes take() { return std::move(attributes_); }
  bool complete() const { return depth_ == 0 && started_; }

  bool null() override { return false; }
  bool binary(Json::binary_t&) override { return false; }
  bool boolean(bool value) override { return scalar(value); }
  bool number_integer(int64_t value) override { return integer(value); }
  bool number_unsigned(uint64_t value) override {
    return value <= static_cast<uint64_t>(INT64_MAX) && integer(static_cast<int64_t>(value));
  }
  bool number_float(double value, const std::string&) override {
    if (depth_ == 3) return floats_ && (float_list_.push_back(static_cast<float>(value)), true);
    return scalar(static_cast<float>(value));
  }
  bool string(std::string& value) override { return scalar(std::move(value)); }

  bool start_object(size_t) override {
    started_ = true;
    if (depth_ == 1) list_seen_ = false;
    return ++depth_ <= 2;
  }
  bool key(std::string& value) override {
    if (depth_ == 1) {
      name_ = std::move(value);
      return !attributes_.has(name_);
    }
    floats_ = value == kFloats;
    return !list_seen_ && (floats_ || value == kInts);
  }
  bool end_object() override {
    --depth_;
    return depth_ == 0 || list_seen_;
  }
  bool start_array(size_t) override {
    int_list_.clear();
    float_list_.clear();
    return ++depth_ == 3;
  }
  bool end_array() override {
    --depth_;
    list_seen_ = true;
    if (floats_)
      attributes_.set(name_, std::move(float_list_));
    else
      attributes_.set(name_, std::move(int_list_));
    return true;
  }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  bool scalar(Attribute value) {
    if (depth_ != 1) return false;
    attributes_.set(name_, std::move(value));
    return true;
  }
  bool integer(int64_t value) {
    if (depth_ == 3) return !floats_ && (int_list_.push_back(value), true);
    return scalar(value);
  }

  Attributes attributes_;
  std::string name_;
  std::vector<int64_t> int_list_;
  std::vector<float> float_list_;
  int depth_ = 0;  // 1 in the object, 2 in a list's object, 3 in its array
  bool started_ = false;
  bool floats_ = false;
  bool list_seen_ = false;
};

std::string to_text(const Attribute& attribute) {
  return std::visit(
      []<typename T>(const T& value) {
        if constexpr (std::is_same_v<T, std::string>)
          return fmt::format("\"{}\"", value);
        else if constexpr (requires { value.begin(); })
          return fmt::format("[{}]", fmt::join(value, ","));
        else
          return fmt::format("{}", value);
      },
      attribute);
}

}  // namespace

std::vector<uint8_t> to_cbor(const Attributes& attributes) {
  Json json = Json::object();
  for (const auto& [name, value] : attributes) json[name] = to_json(value);
  return Json::to_cbor(json);
}

Result<Attributes> from_cbor(std::span<const uint8_t> bytes) {
  AttributesReader reader;
  const bool read = Json::sax_parse(bytes.begin(), bytes.end(), &reader, Json::input_format_t::cbor);
  if (!read || !reader.complete()) return user_error("the operator's attributes are not the CBOR this program writes");
  return reader.take();
}

std::string to_string(const Attributes& attributes) {
  std::string text;
  for (const auto& [name, value] : attributes) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{} = {}", name, to_text(value));
  }
  return text;
}

}  // namespace bmnet::op
