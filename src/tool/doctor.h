// `bmnet doctor`: one page about a model. Can it be compiled, what runs where and why, what stands in the way, what
// will it cost.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "bmodel/print.h"
#include "tool/compile.h"

namespace bmnet::tool {

struct Diagnosis {
  std::string file, framework, name;
  // Everything that stands in the way; empty: the model can be compiled. With blockers all else is about the part of
  // the network in front of them, if there is one.
  std::vector<frontend::Blocker> blockers;
  // Set when there is a network to talk about.
  struct Network {
    std::vector<std::pair<std::string, TensorInfo>> inputs, outputs;
    plan::Report plan;
    int64_t parameters = 0, transposes = 0;
    bmodel::MemoryUse memory;
  };
  std::optional<Network> network;

  bool compiles() const { return blockers.empty(); }
};

// Errors: what is no question of operators: a damaged file, shapes that are missing, options that do not fit.
Result<Diagnosis> diagnose(const FrontEnd& front_end, const CompileFlags& flags, Progress& progress);

std::string to_text(const Diagnosis& diagnosis);
std::string to_json(const Diagnosis& diagnosis);

}  // namespace bmnet::tool
