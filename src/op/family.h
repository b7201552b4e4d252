// The operators by family: one file each, gathered by the registry in op.cc.
#pragma once

#include <span>

#include "op/op.h"

namespace bmnet::op {

std::span<const OpSpec> conv_ops();
std::span<const OpSpec> pool_ops();
std::span<const OpSpec> matmul_ops();
std::span<const OpSpec> einsum_ops();
std::span<const OpSpec> unary_ops();
std::span<const OpSpec> binary_ops();
std::span<const OpSpec> cast_ops();
std::span<const OpSpec> normalize_ops();
std::span<const OpSpec> softmax_ops();
std::span<const OpSpec> reduce_ops();
std::span<const OpSpec> order_ops();
std::span<const OpSpec> movement_ops();
std::span<const OpSpec> gather_scatter_ops();
std::span<const OpSpec> resize_ops();
std::span<const OpSpec> sample_ops();
std::span<const OpSpec> ssd_ops();
std::span<const OpSpec> region_ops();
std::span<const OpSpec> nms_ops();
std::span<const OpSpec> proposal_ops();
std::span<const OpSpec> rnn_ops();

}  // namespace bmnet::op
