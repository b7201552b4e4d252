#include "bmodel/layer_table.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace bmnet::bmodel {
namespace {

using nlohmann::json;
constexpr std::string_view kTag = "BMNETLT1";

json runs_to_json(const std::vector<LayerTable::Run>& runs) {
  json flat = json::array();
  for (const LayerTable::Run& run : runs) {
    flat.push_back(run.layer);
    flat.push_back(run.count);
  }
  return flat;
}

std::vector<LayerTable::Run> runs_from_json(const json& flat) {
  std::vector<LayerTable::Run> runs;
  for (size_t i = 0; i + 1 < flat.size(); i += 2)
    runs.push_back({flat.at(i).get<uint32_t>(), flat.at(i + 1).get<uint32_t>()});
  return runs;
}

json to_json(const LayerTable::Tensor& tensor) {
  return {tensor.name,  tensor.layer,  tensor.written_by, static_cast<uint32_t>(tensor.type),
          tensor.shape, tensor.address};
}

constexpr size_t kMaxRank = 8;
constexpr uint64_t kMaxElements = uint64_t{1} << 40;  // more than any memory of the chip holds

bool is_sound(const LayerTable::Tensor& tensor, size_t layers) {
  const auto known = [&](int32_t layer) { return layer >= -1 && layer < static_cast<int64_t>(layers); };
  if (!known(tensor.layer) || !known(tensor.written_by)) return false;
  if (bits_per_element(tensor.type) == 0 || tensor.shape.empty() || tensor.shape.size() > kMaxRank) return false;
  uint64_t count = 1;
  for (uint64_t size : tensor.shape) {
    if (size == 0 || size > kMaxElements / count) return false;
    count *= size;
  }
  return true;
}

// Looks over CBOR before a document is built of it. The library's reader goes one level deeper into its own stack for
// every level of nesting, throws at sizes that no vector can have even where it is asked not to, and converts numbers
// that no integer can hold. A table is shallow and holds integers and texts only.
class TableCheck : public nlohmann::json_sax<json> {
 public:
  explicit TableCheck(size_t bytes) : bytes_(bytes) {}

  bool null() override { return false; }
  bool boolean(bool) override { return false; }
  bool number_integer(int64_t) override { return true; }
  bool number_unsigned(uint64_t) override { return true; }
  bool number_float(double, const std::string&) override { return false; }
  bool string(std::string&) override { return true; }
  bool binary(json::binary_t&) override { return false; }
  bool key(std::string&) override { return true; }
  bool start_object(size_t size) override { return enter(size); }
  bool start_array(size_t size) override { return enter(size); }
  bool end_object() override { return --depth_ >= 0; }
  bool end_array() override { return --depth_ >= 0; }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  static constexpr int kMaxDepth = 4;  // {"tensors": [[..., [the shape], ...], ...]}
  static constexpr size_t kUntilBreak = SIZE_MAX;

  bool enter(size_t size) { return ++depth_ <= kMaxDepth && (size == kUntilBreak || size <= bytes_); }

  size_t bytes_;
  int depth_ = 0;
};

LayerTable::Tensor tensor_from_json(const json& row) {
  return {.name = row.at(0).get<std::string>(),
          .layer = row.at(1).get<int32_t>(),
          .written_by = row.at(2).get<int32_t>(),
          .type = static_cast<DataType>(row.at(3).get<uint32_t>()),
          .shape = row.at(4).get<Shape>(),
          .address = row.at(5).get<uint64_t>()};
}

}  // namespace

int64_t LayerTable::layer_of(uint32_t group, uint32_t engine, uint32_t command) const {
  if (group >= groups.size() || engine > 1) return -1;
  uint64_t end = 0;
  for (const Run& run : groups[group][engine]) {
    end += run.count;
    if (command < end) return run.layer < layers.size() ? static_cast<int64_t>(run.layer) : -1;
  }
  return -1;
}

std::vector<uint8_t> encode(const LayerTable& table) {
  json layers = json::array(), groups = json::array(), tensors = json::array();
  for (const LayerTable::Layer& layer : table.layers)
    layers.push_back({layer.name, layer.op, layer.place, layer.macs, layer.note});
  for (const LayerTable::Group& group : table.groups)
    groups.push_back({runs_to_json(group[0]), runs_to_json(group[1])});
  for (const LayerTable::Tensor& tensor : table.tensors) tensors.push_back(to_json(tensor));
  std::vector<uint8_t> blob(kTag.begin(), kTag.end());
  json::to_cbor({{"layers", layers}, {"groups", groups}, {"tensors", tensors}}, blob);
  return blob;
}

Result<LayerTable> decode_layer_table(std::span<const uint8_t> blob) {
  LayerTable table;
  if (blob.size() < kTag.size() || !std::equal(kTag.begin(), kTag.end(), blob.begin())) return table;
  const auto body = blob.subspan(kTag.size());
  TableCheck check(body.size());
  if (!json::sax_parse(body.begin(), body.end(), &check, json::input_format_t::cbor))
    return user_error("the layer table of the BModel is damaged");
  const json root = json::from_cbor(body.begin(), body.end(), true, false);
  // The only exceptions of the library that are left are those of wrong types.
  try {
    for (const json& row : root.at("layers"))
      table.layers.push_back({row.at(0).get<std::string>(), row.at(1).get<std::string>(), row.at(2).get<std::string>(),
                              row.at(3).get<int64_t>(), row.at(4).get<std::string>()});
    for (const json& group : root.at("groups"))
      table.groups.push_back({runs_from_json(group.at(0)), runs_from_json(group.at(1))});
    if (root.contains("tensors"))
      for (const json& row : root.at("tensors")) table.tensors.push_back(tensor_from_json(row));
  } catch (const json::exception&) {
    return user_error("the layer table of the BModel is damaged");
  }
  for (const LayerTable::Tensor& tensor : table.tensors)
    if (!is_sound(tensor, table.layers.size()))
      return user_error("the layer table of the BModel is damaged: tensor '{}'", tensor.name);
  return table;
}

}  // namespace bmnet::bmodel
