#include "frontend/blockers.h"

#include <algorithm>
#include <map>

namespace bmnet::frontend {
namespace {

constexpr size_t kMaxBlockers = 1000;
constexpr size_t kShown = 10;  // kinds of blockers in an error

}  // namespace

Status Blockers::add(Blocker blocker, std::string sentence) {
  if (options_.survey) options_.survey->blockers.push_back(blocker);
  blockers_.push_back(std::move(blocker));
  sentences_.push_back(std::move(sentence));
  if (blockers_.size() >= kMaxBlockers) return tl::unexpected(error());
  return {};
}

void Blockers::cut_behind(std::span<const ValueId> operands) {
  std::ranges::copy_if(operands, std::inserter(cut_, cut_.end()), [](ValueId id) { return id >= 0; });
}

Error Blockers::error() const {
  if (sentences_.size() == 1) return {ErrorKind::kUnsupported, sentences_.front()};
  struct Kind {
    size_t first, count;  // of sentences
  };
  std::vector<Kind> kinds;
  std::map<std::pair<std::string, std::string>, size_t> known;
  for (size_t i = 0; i < blockers_.size(); ++i) {
    const auto [place, added] = known.emplace(std::pair(blockers_[i].op, blockers_[i].reason), kinds.size());
    if (added) kinds.push_back({i, 0});
    ++kinds[place->second].count;
  }
  std::string text = fmt::format("{} nodes cannot be compiled", blockers_.size());
  for (size_t i = 0; i < std::min(kinds.size(), kShown); ++i) {
    const size_t more = kinds[i].count - 1;
    text += fmt::format("\n  {}", sentences_[kinds[i].first]);
    if (more > 0)
      text += fmt::format(" (and {} more {} of operator {})", more, more == 1 ? "node" : "nodes",
                          blockers_[kinds[i].first].op);
  }
  if (kinds.size() > kShown)
    text += fmt::format("\n  and {} more kinds; `bmnet doctor` lists all", kinds.size() - kShown);
  return {ErrorKind::kUnsupported, std::move(text)};
}

Result<nn::Model> Blockers::finish(nn::GraphBuilder& builder) const {
  if (empty()) return builder.finish();
  if (!options_.survey) return tl::unexpected(error());
  bool any = false;
  for (const ValueId value : cut_) {
    if (builder.constant_value(value)) continue;
    BMNET_TRY(builder.output(builder.name(value), value));
    any = true;
  }
  return any ? builder.finish() : tl::unexpected(error());
}

}  // namespace bmnet::frontend
