// Running a compiled network on a device and holding the results against the reference.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/npz.h"
#include "bmodel/model.h"
#include "op/compare.h"
#include "op/graph.h"
#include "runtime/session.h"

namespace bmnet::tool {

struct DeviceOutputs {
  std::vector<NamedTensor> outputs;
  LaunchReport report;
  double seconds = 0;
};

// What computes a value, for reports; "copy" for inputs and constants, which an output can be as well.
std::string operator_of(const op::Graph& graph, op::ValueId value);

// Net 0 of the model on `device` ("simulator", "cmodel=PATH").
Result<DeviceOutputs> run_on_device(const bmodel::Model& model, std::span<const NamedTensor> inputs,
                                    const runtime::SessionOptions& options = {});

// Outputs by name; order-sensitive ones by content. `graph` is the one the reference ran.
Result<op::CompareReport> compare_outputs(const op::Graph& graph, std::span<const Tensor> reference,
                                          std::span<const NamedTensor> device, op::Tolerance tolerance = {});

// Every value of the compiled graph: compiles it once more with all values as outputs, so that each has a place of its
// own, runs both sides and compares them all.
Result<op::CompareReport> compare_layers(const op::Graph& graph, std::span<const NamedTensor> inputs,
                                         op::Tolerance tolerance = {}, const runtime::SessionOptions& options = {});

}  // namespace bmnet::tool
