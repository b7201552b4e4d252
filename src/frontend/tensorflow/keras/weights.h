// The weights of a Keras model or of a part of it, found by what they are for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "frontend/hdf5/file.h"

namespace bmnet::frontend::tensorflow::keras {

// In the file a weight's place is model_weights/<layer>/<scopes…>/kernel:0. The scopes depend on Keras' version; of a
// model inside the model they name the layers.
class Weights {
 public:
  Weights() = default;
  // Those below a group of the file, which must outlive this.
  Weights(const hdf5::File& file, std::string_view group);

  bool empty() const { return entries_.empty(); }
  bool has(std::string_view role) const;
  // The only weight whose name is `role` ("kernel"), of this shape; -1 stands for any size. Errors: absent, several,
  // another shape.
  Result<Tensor> read(std::string_view role, const Shape& shape) const;
  std::string names() const;  // for messages: "kernel, bias"

  // Those of one layer of the whole model: below its group.
  Weights of_group(std::string_view layer) const;
  // Those with a scope of this name; or that begins so.
  Weights of_scope(std::string_view name) const;
  Weights of_scope_prefix(std::string_view prefix) const;

 private:
  struct Entry {
    std::string data_set;             // its path in the file
    std::vector<std::string> scopes;  // below the group
    std::string role;
  };
  template <typename Condition>
  Weights filtered(Condition keep) const;

  const hdf5::File* file_ = nullptr;
  std::vector<Entry> entries_;
};

}  // namespace bmnet::frontend::tensorflow::keras
