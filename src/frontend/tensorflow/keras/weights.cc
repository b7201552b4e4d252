#include "frontend/tensorflow/keras/weights.h"

#include <algorithm>

#include "frontend/limits.h"

namespace bmnet::frontend::tensorflow::keras {
namespace {

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  while (true) {
    const size_t slash = path.find('/');
    parts.emplace_back(path.substr(0, slash));
    if (slash == path.npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

bool fits(const Shape& shape, const Shape& expected) {
  return std::ranges::equal(shape, expected, [](int64_t size, int64_t wanted) { return wanted < 0 || size == wanted; });
}

}  // namespace

Weights::Weights(const hdf5::File& file, std::string_view group) : file_(&file) {
  for (const std::string& path : file.data_sets(group)) {
    const std::string_view below = std::string_view(path).substr(group.empty() ? 0 : group.size() + 1);
    Entry entry{path, parts_of(below), {}};
    entry.role = entry.scopes.back().substr(0, entry.scopes.back().find(':'));
    entry.scopes.pop_back();
    entries_.push_back(std::move(entry));
  }
}

template <typename Condition>
Weights Weights::filtered(Condition keep) const {
  Weights part;
  part.file_ = file_;
  part.source_ = source_;
  std::ranges::copy_if(entries_, std::back_inserter(part.entries_), keep);
  return part;
}

Weights Weights::of_group(std::string_view layer) const {
  const std::vector<std::string> group = parts_of(layer);  // a layer's name may have slashes
  Weights part = filtered([&](const Entry& entry) {
    return entry.scopes.size() >= group.size() && std::equal(group.begin(), group.end(), entry.scopes.begin());
  });
  for (Entry& entry : part.entries_)
    entry.scopes.erase(entry.scopes.begin(), entry.scopes.begin() + static_cast<std::ptrdiff_t>(group.size()));
  return part;
}

Weights Weights::of_scope(std::string_view name) const {
  const std::vector<std::string> wanted = parts_of(name);
  return filtered([&](const Entry& entry) { return !std::ranges::search(entry.scopes, wanted).empty(); });
}

Weights Weights::of_scope_prefix(std::string_view prefix) const {
  return filtered([&](const Entry& entry) {
    return std::ranges::any_of(entry.scopes, [&](const std::string& scope) { return scope.starts_with(prefix); });
  });
}

void Weights::draw_absent(uint64_t seed, int64_t limit) { source_ = std::make_shared<Source>(Source{seed, limit}); }

// Small numbers around 0; variances around 1.
Result<Tensor> Weights::drawn(std::string_view role, const Shape& shape) const {
  constexpr uint64_t kFactor = 6364136223846793005, kAdded = 1442695040888963407;
  BMNET_ASSIGN(const int64_t count, checked_elements(shape));
  if (count > source_->left) return unsupported("random weights of shape {}: too many in all", to_string(shape));
  source_->left -= count;
  Tensor tensor({DType::kF32, shape});
  for (float& x : tensor.data<float>()) {
    source_->seed = source_->seed * kFactor + kAdded;
    const float unit = static_cast<float>(source_->seed >> 40) * 0x1p-24f;  // [0, 1)
    x = role.ends_with("variance") ? 0.5f + unit : 0.2f * unit - 0.1f;
  }
  return tensor;
}

bool Weights::has(std::string_view role) const {
  return std::ranges::find(entries_, role, &Entry::role) != entries_.end();
}

std::string Weights::names() const {
  std::string names;
  for (const Entry& entry : entries_) names += (names.empty() ? "" : ", ") + entry.role;
  return names.empty() ? "none" : names;
}

Result<Tensor> Weights::read(std::string_view role, const Shape& shape) const {
  const Entry* found = nullptr;
  for (const Entry& entry : entries_) {
    if (entry.role != role) continue;
    if (found)
      return unsupported("its weight '{}' stands twice in the file ({} and {}); save the model again in a new session",
                         role, found->data_set, entry.data_set);
    found = &entry;
  }
  if (!found && source_) return drawn(role, shape);
  if (!found) return user_error("its weight '{}' is not in the file (there: {})", role, names());
  BMNET_ASSIGN(Tensor tensor, file_->read(found->data_set));
  if (!fits(tensor.shape(), shape))
    return user_error("its weight '{}' has shape {}, {} is expected", role, to_string(tensor.shape()),
                      to_string(shape));
  if (tensor.dtype() != DType::kF32)
    return user_error("its weight '{}' is of type {}, floats are expected", role, dtype_name(tensor.dtype()));
  return tensor;
}

}  // namespace bmnet::frontend::tensorflow::keras
