// Greedy non-maximum suppression, as all detection operators share it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "op/box.h"

namespace bmnet::op {

struct Candidate {
  float score;
  int64_t label, box;  // box: its number
};

// Best first; of equal scores the lower label, then the earlier box, which is what a stable sort of lists gives.
inline bool better(const Candidate& a, const Candidate& b) {
  if (a.score != b.score) return a.score > b.score;
  return std::pair(a.label, a.box) < std::pair(b.label, b.box);
}

// Boxes of one class whose score (`step` apart) lies above `threshold`, best first, at most `most` (below 0: all).
// NaN is no score.
inline std::vector<Candidate> best_of_class(const float* scores, int64_t step, int64_t boxes, int64_t label,
                                            float threshold, int64_t most) {
  std::vector<Candidate> found;
  for (int64_t i = 0; i < boxes; ++i)
    if (scores[i * step] > threshold) found.push_back({scores[i * step], label, i});
  std::sort(found.begin(), found.end(), better);
  if (most >= 0 && static_cast<int64_t>(found.size()) > most) found.resize(most);
  return found;
}

struct SuppressionRule {
  float threshold = 0.5f;  // a box that overlaps a better one by more is dropped
  float eta = 1;           // the threshold shrinks by it after every box kept, while above one half
  float pixel = 0;         // 1: edges are pixels that belong to the box
  int64_t most = -1;       // boxes to keep; below 0: all
};

// `candidates` come best first.
inline std::vector<Candidate> suppress(const SuppressionRule& rule, const std::vector<Candidate>& candidates,
                                       const std::vector<Box>& boxes) {
  std::vector<Candidate> kept;
  float threshold = rule.threshold;
  for (const Candidate& candidate : candidates) {
    if (rule.most >= 0 && static_cast<int64_t>(kept.size()) >= rule.most) break;
    const bool free = std::all_of(kept.begin(), kept.end(), [&](const Candidate& other) {
      return overlap(boxes[candidate.box], boxes[other.box], rule.pixel) <= threshold;
    });
    if (!free) continue;
    kept.push_back(candidate);
    if (rule.eta < 1 && threshold > 0.5f) threshold *= rule.eta;
  }
  return kept;
}

// The `most` best of all classes, class by class, best first within a class.
inline void keep_best(std::vector<Candidate>& found, int64_t most) {
  if (static_cast<int64_t>(found.size()) <= most) return;
  std::sort(found.begin(), found.end(), better);
  found.resize(most);
  std::sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
    return a.label != b.label ? a.label < b.label : better(a, b);
  });
}

}  // namespace bmnet::op
