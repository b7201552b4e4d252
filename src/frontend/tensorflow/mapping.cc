#include <algorithm>
#include <map>

#include "frontend/declarations.h"
#include "frontend/tensorflow/call.h"
#include "frontend/tensorflow/import.h"

namespace bmnet::frontend::tensorflow {
namespace {

using Table = std::map<std::string_view, const Row*>;

const Table& table() {
  static const Table instance = [] {
    Table rows;
    for (const auto part :
         {elementwise_rows(), window_rows(), reduce_rows(), shape_rows(), slice_rows(), index_rows(), block_rows(),
          matrix_rows(), recurrent_rows(), region_rows(), list_rows(), quantize_rows(), control_rows(), refused_rows()})
      for (const Row& row : part) rows.emplace(row.name, &row);
    return rows;
  }();
  return instance;
}

}  // namespace

const Row* find_row(std::string_view name) {
  const auto found = table().find(name);
  return found == table().end() ? nullptr : found->second;
}

}  // namespace bmnet::frontend::tensorflow

namespace bmnet::frontend {

std::vector<SupportedOp> list_tensorflow_ops() {
  std::vector<SupportedOp> ops;
  for (const auto& [name, row] : tensorflow::table()) {
    if (name.starts_with("bmnet.")) continue;  // made by simplify() and layers of Keras, in no file
    const bool refused = tensorflow::is_refused(*row);
    ops.push_back({std::string(name), "", attribute_names(row->attributes), refused ? "" : std::string(row->becomes),
                   std::string(row->remark), refused});
  }
  std::ranges::move(list_keras_layers(), std::back_inserter(ops));
  return ops;
}

}  // namespace bmnet::frontend
