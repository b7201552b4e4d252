// bm_net_info_t of a loaded net, with the arrays it points into.
#pragma once

#include <vector>

#include "runtime/include/bmdef.h"
#include "runtime/network.h"

namespace bmnet::runtime {

bm_shape_t to_bm_shape(const Shape& shape);  // at most BM_MAX_DIMS_NUM dimensions (bmodel's check.h)
// Negative ranks or dimensions give an empty optional.
std::optional<Shape> from_bm_shape(const bm_shape_t& shape);

class NetInfo {
 public:
  explicit NetInfo(const Network& network);
  NetInfo(const NetInfo&) = delete;
  NetInfo& operator=(const NetInfo&) = delete;

  const bm_net_info_t& get() const { return info_; }

 private:
  struct Side {
    std::vector<const char*> names;
    std::vector<bm_data_type_t> types;
    std::vector<float> scales;
    std::vector<size_t> max_bytes;
    std::vector<int> zero_points, devices;
  };
  struct StageArrays {
    std::vector<bm_shape_t> inputs, outputs;
    std::vector<bm_device_mem_t> input_mems, output_mems;
  };
  Side side(const std::vector<bmodel::Tensor>& tensors);

  Side inputs_, outputs_;
  std::vector<StageArrays> stage_arrays_;
  std::vector<bm_stage_info_t> stages_;
  bm_net_info_t info_{};
};

// The lines that describe a net, as bmrt_show_neuron_network logs them.
std::vector<std::string> describe(const bm_net_info_t& info, int index);

}  // namespace bmnet::runtime
