#include "op/host/onednn/onednn.h"

#include "op/host/onednn/onednn_accelerator.h"

extern "C" __attribute__((visibility("default"))) bmnet::op::Accelerator* bmnet_make_accelerator(
    const bmnet::op::Graph& graph, bool fuse) {
  return new bmnet::op::host::onednn::OneDnnAccelerator(graph, fuse);
}
