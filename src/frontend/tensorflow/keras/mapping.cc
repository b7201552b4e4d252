// The table of Keras layers.
#include <map>

#include "frontend/tensorflow/import.h"
#include "frontend/tensorflow/keras/layer.h"

namespace bmnet::frontend::tensorflow::keras {
namespace {

using Table = std::map<std::string_view, const Row*>;

const Table& table() {
  static const Table instance = [] {
    Table rows;
    for (const auto part : {basic_rows(), window_rows(), norm_rows(), shape_rows(), merge_rows(), recurrent_rows(),
                            attention_rows(), refused_rows()})
      for (const Row& row : part) rows.emplace(row.name, &row);
    return rows;
  }();
  return instance;
}

}  // namespace

const Row* find_row(std::string_view class_name) {
  const auto found = table().find(class_name);
  return found == table().end() ? nullptr : found->second;
}

}  // namespace bmnet::frontend::tensorflow::keras

namespace bmnet::frontend {

std::vector<SupportedOp> list_keras_layers() {
  std::vector<SupportedOp> ops;
  for (const auto& [name, row] : tensorflow::keras::table())
    ops.push_back({fmt::format("keras.{}", name), "", std::string(row->attributes), std::string(row->becomes),
                   std::string(row->remark)});
  return ops;
}

}  // namespace bmnet::frontend
