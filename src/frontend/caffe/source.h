// Data layers: what they say of the size of their tops.
#pragma once

#include <optional>

#include "base/tensor.h"
#include "frontend/caffe/caffe.pb.h"

namespace bmnet::caffe {

// The shape of top `top` as far as the layer states it; dimensions < 1 are open. Nothing where Caffe would take the
// size from the data themselves (Data, HDF5Data …).
std::optional<Shape> stated_shape(const proto::LayerParameter& layer, int top);

}  // namespace bmnet::caffe
