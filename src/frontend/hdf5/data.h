// The numbers of a data set, wherever its layout puts them.
#pragma once

#include <memory>

#include "frontend/hdf5/header.h"

namespace bmnet::frontend::hdf5 {

struct DataSet {
  Datatype type;
  Shape shape;
  Layout layout;
  std::vector<Filter> filters;
};

// The description of a data set by its messages. Errors: something is missing, shared, or of a kind that is not read.
Result<DataSet> describe(const std::vector<Message>& messages, Widths widths);

// As file.h says of File::read.
Result<Tensor> read_data(const DataSet& set, Bytes file, const std::shared_ptr<const void>& owner, Widths widths);

}  // namespace bmnet::frontend::hdf5
