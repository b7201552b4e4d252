// Older generations of layer descriptions in today's terms.
#pragma once

#include "base/status.h"
#include "frontend/caffe/caffe.pb.h"

namespace bmnet::caffe {

// The V2 layer that means the same as a V1 layer (`layers { type: CONVOLUTION }`), or as the V0 layer inside it
// (`layers { layer { type: "conv" } }`). V0's "padding" becomes a layer of type "Padding" with convolution_param.pad.
Result<proto::LayerParameter> upgrade_layer(const proto::V1LayerParameter& old);

// Puts one Input layer per `input` of the old header in front of the layers, shaped by `input_shape` or `input_dim`
// where the header has them.
Status upgrade_inputs(proto::NetParameter& net);

}  // namespace bmnet::caffe
