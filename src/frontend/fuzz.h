// What the fuzz targets of all front ends share.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "nn/limits.h"
#include "nn/model.h"

namespace bmnet::frontend {

// Enough for every operator, little enough that one execution takes less than a millisecond.
inline constexpr nn::ImportLimits kFuzzLimits{.made_bytes = 1 << 18,
                                              .folded_elements = 1 << 14,
                                              .folded_elements_in_all = 1 << 16,
                                              .folded_macs = 1 << 16,
                                              .steps = 1 << 10};

// An input for a front end whose models are a text and a file of weights: text up to the first NUL, the rest weights.
struct TextAndWeights {
  std::string_view text;
  Bytes weights;
  bool weights_are_given = false;  // there is a NUL

  explicit TextAndWeights(Bytes input) {
    const std::string_view whole = as_text(input);
    const size_t end = std::min(whole.find('\0'), whole.size());
    text = whole.substr(0, end);
    weights = input.subspan(std::min(end + 1, input.size()));
    weights_are_given = end < whole.size();
  }
};

// A refusal begins with the name of one of the `files`, or counts nodes that are listed below it, and is not our own
// fault.
inline bool is_good_refusal(const Error& error, std::initializer_list<std::string_view> files) {
  bool names_a_file = error.message.find(" nodes cannot be compiled\n") != std::string::npos;
  for (const std::string_view file : files)
    names_a_file = names_a_file || (error.message.starts_with(file) && error.message.size() > file.size() + 10 &&
                                    error.message[file.size()] == ':');
  return names_a_file && error.kind != ErrorKind::kBug;
}

// Runs `import`, which gives a network or a good refusal; anything else ends the program.
template <typename Import>
int import_or_abort(std::initializer_list<std::string_view> files, Import import) {
  constexpr int kRunsPerContext = 256;
  static thread_local std::shared_ptr<mlir::MLIRContext> context;
  static thread_local int runs = 0;
  if (++runs % kRunsPerContext == 0) context = nullptr;
  const nn::SmallModels small(kFuzzLimits, context);
  context = small.context;
  const Result<nn::Model> model = import();
  if (model ? model->to_graph().has_value() : is_good_refusal(model.error(), files)) return 0;
  std::fprintf(stderr, "%s\n", model ? "the imported model is no graph" : model.error().message.c_str());
  std::abort();
}

}  // namespace bmnet::frontend
