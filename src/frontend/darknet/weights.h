// The parameters of a Darknet network: one row of floats in the order of the layers.
#pragma once

#include <memory>
#include <optional>
#include <random>
#include <string>

#include "base/bytes.h"
#include "base/status.h"
#include "base/tensor.h"

namespace bmnet::frontend::darknet {

class Weights {
 public:
  // Reads the header: versions before 0.2 count seen images with 32 bits, later ones with 64. The floats stay in
  // `bytes`.
  static Result<Weights> open(Bytes bytes, std::shared_ptr<const void> owner, std::string file);
  // Deterministic random parameters instead of a file.
  static Weights random(uint64_t seed);

  // The next parameter. `spread` bounds random values; `positive` keeps them above zero (variances).
  Result<Tensor> take(const std::string& what, Shape shape, float spread, bool positive = false);
  // Floats not taken. 0 for random parameters.
  size_t left() const;
  // Whether connected layers are stored as [inputs, outputs].
  bool transposed() const { return transposed_; }

 private:
  Weights() = default;
  Bytes bytes_;
  size_t next_ = 0;
  std::shared_ptr<const void> owner_;
  std::string file_;
  std::optional<std::mt19937> generator_;
  bool transposed_ = false;
};

}  // namespace bmnet::frontend::darknet
