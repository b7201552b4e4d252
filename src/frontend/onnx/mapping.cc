#include <algorithm>
#include <map>

#include "frontend/declarations.h"
#include "frontend/onnx/call.h"
#include "frontend/onnx/import.h"

namespace bmnet::frontend::onnx {
namespace {

// All rows of one name, by version.
using Table = std::map<std::string_view, std::vector<const Row*>>;

const Table& table() {
  static const Table instance = [] {
    Table rows;
    for (const auto part :
         {elementwise_rows(), window_rows(), matrix_rows(), norm_rows(), reduce_rows(), shape_rows(), data_rows(),
          index_rows(), resize_rows(), recurrent_rows(), detection_rows(), attention_rows(), signal_rows(),
          quantize_rows(), loop_rows(), sequence_rows(), refused_rows()})
      for (const Row& row : part) rows[row.name].push_back(&row);
    for (auto& [name, forms] : rows) std::ranges::sort(forms, {}, &Row::since);
    return rows;
  }();
  return instance;
}

}  // namespace

const Row* find_row(std::string_view name, int64_t opset) {
  const auto found = table().find(name);
  if (found == table().end()) return nullptr;
  const Row* row = nullptr;
  for (const Row* form : found->second)
    if (form->since <= opset) row = form;
  return row;
}

int first_version(std::string_view name) {
  const auto found = table().find(name);
  return found == table().end() ? 0 : found->second.front()->since;
}

}  // namespace bmnet::frontend::onnx

namespace bmnet::frontend {

std::vector<SupportedOp> list_onnx_ops() {
  std::vector<SupportedOp> ops;
  for (const auto& [name, forms] : onnx::table())
    for (size_t i = 0; i < forms.size(); ++i) {
      const onnx::Row& row = *forms[i];
      const std::string last = i + 1 < forms.size() ? std::to_string(forms[i + 1]->since - 1) : "";
      ops.push_back({std::string(name), fmt::format("{}-{}", row.since, last),
                     row.attributes == "*" ? "" : attribute_names(row.attributes), std::string(row.becomes),
                     std::string(row.remark), row.attributes == "*"});
    }
  return ops;
}

}  // namespace bmnet::frontend
