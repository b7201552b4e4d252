#include "op/compare.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "op/check.h"
#include "op/kernel.h"
#include "op/op.h"

namespace bmnet::op {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Any tensor as f64, through the cast operator: it knows every element type.
Result<std::vector<double>> to_doubles(const Tensor& tensor) {
  BMNET_ASSIGN(const std::vector<Tensor> cast, evaluate("cast", {{"to", std::string("f64")}}, {&tensor, 1}));
  const auto data = cast[0].data<double>();
  return std::vector<double>(data.begin(), data.end());
}

double distance(double golden, double got) {
  if (golden == got || (std::isnan(golden) && std::isnan(got))) return 0;
  const double difference = std::abs(got - golden);
  return std::isnan(difference) ? kInfinity : difference;
}

double max_finite(const std::vector<double>& values) {
  double most = 0;
  for (double x : values)
    if (std::isfinite(x)) most = std::max(most, std::abs(x));
  return most;
}

double cosine(const std::vector<double>& a, const std::vector<double>& b) {
  double aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!std::isfinite(a[i]) || !std::isfinite(b[i])) continue;
    aa += a[i] * a[i], bb += b[i] * b[i], ab += a[i] * b[i];
  }
  if (aa == 0 && bb == 0) return 1;
  return aa == 0 || bb == 0 ? 0 : ab / std::sqrt(aa * bb);
}

void note(Difference& d, int64_t at, double golden, double got) {
  const double off = distance(golden, got);
  if (off > d.bound) ++d.over;
  if (off <= d.max_abs) return;
  d.max_abs = off;
  d.worst = at, d.worst_golden = golden, d.worst_got = got;
}

Difference compare_numbers(const std::vector<double>& golden, const std::vector<double>& got, Tolerance tolerance) {
  Difference d;
  d.count = static_cast<int64_t>(golden.size());
  d.max_golden = max_finite(golden);
  d.bound = tolerance.absolute + tolerance.relative * d.max_golden;
  for (size_t i = 0; i < golden.size(); ++i) note(d, static_cast<int64_t>(i), golden[i], got[i]);
  d.cosine = cosine(golden, got);
  return d;
}

// Rows of -1 fill up what an operator could not use; other engines fill with zeros, which no detection can be.
bool is_filling(const double* row, int64_t width) {
  constexpr int64_t kDetectionWidth = 7;
  return row[0] == -1 || (width == kDetectionWidth && std::all_of(row, row + width, [](double x) { return x == 0; }));
}

// Rows of `width` numbers whose first `keys` must be equal, the rest within the tolerance; filling rows left out.
struct Rows {
  const double* data;
  int64_t width, keys;
  std::vector<int64_t> present;

  Rows(const std::vector<double>& values, int64_t width, int64_t keys) : data(values.data()), width(width), keys(keys) {
    for (int64_t r = 0; r < static_cast<int64_t>(values.size()) / width; ++r)
      if (!is_filling(row(r), width)) present.push_back(r);
  }
  const double* row(int64_t r) const { return data + r * width; }
};

// Largest distance of two rows; infinite when the keys differ.
double row_distance(const Rows& rows, const double* a, const double* b) {
  double most = 0;
  for (int64_t i = 0; i < rows.width; ++i) {
    const double off = distance(a[i], b[i]);
    if (i < rows.keys && off != 0) return kInfinity;
    most = std::max(most, off);
  }
  return most;
}

// Every golden row takes the nearest free row of the other side; rows without a partner do not agree.
Difference compare_rows(const Rows& golden, const Rows& got, Tolerance tolerance) {
  Difference d;
  for (int64_t r : golden.present)
    for (int64_t i = golden.keys; i < golden.width; ++i)
      if (std::isfinite(golden.row(r)[i])) d.max_golden = std::max(d.max_golden, std::abs(golden.row(r)[i]));
  d.bound = tolerance.absolute + tolerance.relative * d.max_golden;
  std::vector<int64_t> free = got.present;
  for (int64_t r : golden.present) {
    size_t nearest = free.size();
    double least = kInfinity;
    for (size_t i = 0; i < free.size(); ++i)
      if (const double off = row_distance(golden, golden.row(r), got.row(free[i])); off < least) {
        least = off;
        nearest = i;
      }
    if (least > d.bound) ++d.over;
    if (least > d.max_abs) {
      d.max_abs = least;
      d.worst = r * golden.width;
    }
    if (nearest < free.size() && least <= d.bound) free.erase(free.begin() + static_cast<int64_t>(nearest));
  }
  d.count = static_cast<int64_t>(std::max(golden.present.size(), got.present.size()));
  const auto surplus = static_cast<int64_t>(got.present.size()) - static_cast<int64_t>(golden.present.size());
  if (surplus > 0) {
    d.over += surplus;
    d.max_abs = kInfinity;
  }
  d.cosine = d.over == 0 ? 1 : 1 - static_cast<double>(d.over) / static_cast<double>(std::max<int64_t>(d.count, 1));
  return d;
}

Result<int64_t> row_width(const Tensor& golden, const Tensor& got, int64_t width) {
  for (const Tensor* tensor : {&golden, &got})
    if (tensor->shape().empty() || tensor->shape().back() != width)
      return user_error("shape {} is not rows of {}", to_string(tensor->shape()), width);
  return width;
}

}  // namespace

Content content_of(const Graph& graph, ValueId value) {
  for (size_t n = graph.nodes.size(); n-- > 0;) {
    const Node& node = graph.nodes[n];
    const auto it = std::find(node.outputs.begin(), node.outputs.end(), value);
    if (it == node.outputs.end()) continue;
    if (node.op == "reshape" || node.op == "cast") {
      value = node.inputs[0];  // made by a node further up
      continue;
    }
    if (node.op == "arg_reduce" || (node.op == "top_k" && it != node.outputs.begin())) return Content::kIndices;
    if (node.op == "detection_output") return Content::kDetections;
    if (node.op == "non_max_suppression") return Content::kSelection;
    return Content::kNumbers;
  }
  return Content::kNumbers;
}

Result<Difference> compare(const Tensor& golden, const Tensor& got, Tolerance tolerance, Content content) {
  BMNET_ASSIGN(const std::vector<double> a, to_doubles(golden));
  BMNET_ASSIGN(const std::vector<double> b, to_doubles(got));
  if (content == Content::kDetections) {  // keys: image, label
    BMNET_ASSIGN(const int64_t width, row_width(golden, got, 7));
    return compare_rows({a, width, 2}, {b, width, 2}, tolerance);
  }
  if (content == Content::kSelection) {
    BMNET_ASSIGN(const int64_t width, row_width(golden, got, 3));
    return compare_rows({a, width, width}, {b, width, width}, tolerance);
  }
  if (golden.shape() != got.shape())
    return user_error("shape {} against {}", to_string(golden.shape()), to_string(got.shape()));
  return compare_numbers(a, b, content == Content::kIndices ? Tolerance{0, 0} : tolerance);
}

Result<Difference> compare_indices(const Tensor& golden, const Tensor& got, const Tensor& scores, int64_t axis,
                                   Tolerance tolerance) {
  if (golden.shape() != got.shape())
    return user_error("shape {} against {}", to_string(golden.shape()), to_string(got.shape()));
  const Shape& shape = scores.shape();
  BMNET_TRY(check_axis("axis", axis, shape.size()));
  const int64_t outer = extent_between(shape, 0, axis), extent = shape[axis];
  const int64_t inner = extent_between(shape, axis + 1, shape.size());
  if (outer * inner == 0 || golden.count() % (outer * inner) != 0)
    return user_error("indices of shape {} do not search shape {} along axis {}", to_string(golden.shape()),
                      to_string(shape), axis);
  const int64_t found = golden.count() / (outer * inner);
  BMNET_ASSIGN(const std::vector<double> values, to_doubles(scores));
  BMNET_ASSIGN(std::vector<double> a, to_doubles(golden));
  BMNET_ASSIGN(std::vector<double> b, to_doubles(got));
  const auto score = [&](double index, size_t at) {
    if (!(index >= 0 && index < static_cast<double>(extent))) return std::numeric_limits<double>::quiet_NaN();
    const auto o = static_cast<int64_t>(at) / (found * inner), i = static_cast<int64_t>(at) % inner;
    return values[(o * extent + static_cast<int64_t>(index)) * inner + i];
  };
  for (size_t at = 0; at < a.size(); ++at) {
    a[at] = score(a[at], at);
    b[at] = score(b[at], at);
  }
  return compare_numbers(a, b, tolerance);
}

void CompareReport::add(std::string name, std::string what, const Result<Difference>& difference) {
  if (difference)
    lines_.push_back({std::move(name), std::move(what), *difference, {}});
  else
    lines_.push_back({std::move(name), std::move(what), {}, difference.error().message});
}

double CompareReport::Line::badness() const {
  if (!error.empty()) return kInfinity;
  if (difference.max_abs == 0) return 0;
  return difference.bound > 0 ? difference.max_abs / difference.bound : kInfinity;
}

bool CompareReport::agrees() const { return failures() == 0; }

size_t CompareReport::failures() const {
  return static_cast<size_t>(std::count_if(lines_.begin(), lines_.end(), [](const Line& l) { return l.failed(); }));
}

std::vector<CompareReport::Line> CompareReport::ranked() const {
  std::vector<Line> lines = lines_;
  std::vector<size_t> order(lines.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {  // of equals, the one met first
    if (lines[a].failed() != lines[b].failed()) return lines[a].failed();
    const double x = lines[a].badness(), y = lines[b].badness();
    return x != y ? x > y : a < b;
  });
  std::vector<Line> ranked;
  for (size_t i : order) ranked.push_back(lines[i]);
  return ranked;
}

std::string CompareReport::to_text(size_t most) const {
  std::string text = fmt::format("{:>4}  {:>10}  {:>10}  {:>9}  {:>17}  tensor\n", "", "max abs", "of maximum",
                                 "cosine", "over tolerance");
  const std::vector<Line> lines = ranked();
  for (size_t i = 0; i < std::min(most, lines.size()); ++i) {
    const Line& line = lines[i];
    const Difference& d = line.difference;
    const char* verdict = line.failed() ? "FAIL" : "ok";
    if (!line.error.empty())
      text += fmt::format("{:>4}  {} ({}): {}\n", verdict, line.name, line.what, line.error);
    else
      text += fmt::format("{:>4}  {:>10.3g}  {:>10.3g}  {:>9.6f}  {:>17}  {} ({})\n", verdict, d.max_abs, d.relative(),
                          d.cosine, fmt::format("{}/{}", d.over, d.count), line.name, line.what);
  }
  if (lines.size() > most) text += fmt::format("      and {} more\n", lines.size() - most);
  text += fmt::format("{} of {} tensors agree\n", lines.size() - failures(), lines.size());
  return text;
}

}  // namespace bmnet::op
