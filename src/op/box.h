// Axis-parallel boxes, as detection heads use them.
#pragma once

#include <algorithm>

namespace bmnet::op {

struct Box {
  float xmin = 0, ymin = 0, xmax = 0, ymax = 0;
};

// 0 for a box turned inside out. `pixel` is added to both sides: 1 where edges are pixels that belong to the box.
inline float area(const Box& box, float pixel = 0) {
  if (box.xmax < box.xmin || box.ymax < box.ymin) return 0;
  return (box.xmax - box.xmin + pixel) * (box.ymax - box.ymin + pixel);
}

// Intersection over union, in [0, 1]; 0 when the boxes do not meet.
inline float overlap(const Box& a, const Box& b, float pixel = 0) {
  const float width = std::min(a.xmax, b.xmax) - std::max(a.xmin, b.xmin) + pixel;
  const float height = std::min(a.ymax, b.ymax) - std::max(a.ymin, b.ymin) + pixel;
  if (!(width > 0) || !(height > 0)) return 0;
  const float common = width * height;
  return common / (area(a, pixel) + area(b, pixel) - common);
}

}  // namespace bmnet::op
