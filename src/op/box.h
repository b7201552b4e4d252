// Axis-parallel boxes, as detection heads use them.
#pragma once

#include <algorithm>

namespace bmnet::op {

struct Box {
  float xmin = 0, ymin = 0, xmax = 0, ymax = 0;
};

// 0 for a box turned inside out.
inline float area(const Box& box) {
  return box.xmax < box.xmin || box.ymax < box.ymin ? 0 : (box.xmax - box.xmin) * (box.ymax - box.ymin);
}

// Intersection over union, in [0, 1]; 0 when the boxes do not meet.
inline float overlap(const Box& a, const Box& b) {
  const float width = std::min(a.xmax, b.xmax) - std::max(a.xmin, b.xmin);
  const float height = std::min(a.ymax, b.ymax) - std::max(a.ymin, b.ymin);
  if (!(width > 0) || !(height > 0)) return 0;
  const float common = width * height;
  return common / (area(a) + area(b) - common);
}

}  // namespace bmnet::op
