// The weights of a Keras model or of a part of it, found by what they are for.
#pragma once

#include <memory>
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

  // What is absent is drawn at random from now on: same seed, same weights. `limit`: of their elements in all.
  void draw_absent(uint64_t seed, int64_t limit);

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
  struct Source {
    uint64_t seed = 0;
    int64_t left = 0;  // elements that may still be drawn
  };
  Result<Tensor> drawn(std::string_view role, const Shape& shape) const;
  template <typename Condition>
  Weights filtered(Condition keep) const;

  const hdf5::File* file_ = nullptr;
  std::vector<Entry> entries_;
  std::shared_ptr<Source> source_;  // of absent weights, shared by all parts; null: they are an error
};

}  // namespace bmnet::frontend::tensorflow::keras
