// The learned blobs of a caffemodel, by layer name.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/tensor.h"

namespace bmnet::caffe {

// The blobs of every layer that has any, all f32 (doubles and halves are converted). Large ones that are aligned in the
// mapped file are borrowed from it. Of layers with equal names the last one counts, as in Caffe.
using Weights = std::map<std::string, std::vector<Tensor>, std::less<>>;

// No tensor of a network has more elements; absurd dimensions are refused before anything is allocated for them.
constexpr int64_t kMaxElements = int64_t{1} << 31;

// False when a dimension is < 1 or there are more than kMaxElements elements.
bool is_sane_shape(std::span<const int64_t> dims);

// Blobs at odd places of the file are copied here, so that all of these are aligned for float.
// Errors: no such file, a damaged or cut-off file, a text file, a blob whose shape and size do not agree.
Result<Weights> read_weights(const std::filesystem::path& caffemodel);
// The same for a file's content; blobs borrow from it, `owner` keeps it alive. `what` names it in messages.
Result<Weights> parse_weights(Bytes content, std::string_view what, const std::shared_ptr<const void>& owner);

}  // namespace bmnet::caffe
