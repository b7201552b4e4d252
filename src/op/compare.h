// How far two runs of a network agree: tensor by tensor, then ranked over all of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "op/graph.h"

namespace bmnet::op {

// An element agrees when |got - golden| <= absolute + relative * max|golden|, the maximum over the whole tensor.
struct Tolerance {
  double absolute = 1e-4;
  double relative = 1e-4;
};

// How a tensor is judged. The results of sorting and of suppression may change places when scores are equal within the
// arithmetic's error; there, contents count.
enum class Content {
  kNumbers,     // element by element
  kIndices,     // arg_reduce, indices of top_k: what the index points to counts
  kDetections,  // detection_output: rows of 7 as a set; rows of image -1, and rows of zeros, are filling
  kSelection,   // non_max_suppression: rows as a set; rows of -1 are filling
};
// How value `value` of the graph is judged: by the operator that made it, seen through reshape and cast.
Content content_of(const Graph& graph, ValueId value);

struct Difference {
  int64_t count = 0;      // elements, or rows where rows count
  int64_t over = 0;       // elements or rows that do not agree
  double max_abs = 0;     // largest |got - golden|; NaN against a number, or infinity against another, is infinite
  double max_golden = 0;  // largest finite |golden|
  double bound = 0;       // what the tolerance allows
  double cosine = 1;      // of the two tensors as vectors; 1 when both are zero
  int64_t worst = -1;     // flat index of max_abs; -1 when all are equal
  double worst_golden = 0, worst_got = 0;

  bool agrees() const { return over == 0; }
  double relative() const { return max_abs == 0 ? 0 : max_abs / max_golden; }  // to the maximum; may be infinite
};

// NaN agrees with NaN, infinity with the same infinity. Element types may differ; shapes must not (user_error), but
// for kDetections and kSelection the numbers of rows may.
Result<Difference> compare(const Tensor& golden, const Tensor& got, Tolerance tolerance = {},
                           Content content = Content::kNumbers);

// For kIndices: `scores` is the golden run's tensor that was searched along `axis`. Two indices agree when the scores
// they point to do. `golden` and `got` have the shape of scores with any extent (or, in an arg_reduce without
// keep_dims, none) at `axis`.
Result<Difference> compare_indices(const Tensor& golden, const Tensor& got, const Tensor& scores, int64_t axis,
                                   Tolerance tolerance = {});

// The comparisons of many tensors, worst first.
class CompareReport {
 public:
  // `what` says where the tensor comes from, such as its operator.
  void add(std::string name, std::string what, const Result<Difference>& difference);

  bool agrees() const;
  size_t size() const { return lines_.size(); }
  size_t failures() const;
  // One line a tensor with a head line; at most `most` of them (all failures first), then a line that sums up.
  std::string to_text(size_t most = 20) const;

 private:
  struct Line {
    std::string name, what;
    Difference difference;
    std::string error;  // why there was nothing to compare
    bool failed() const { return !error.empty() || !difference.agrees(); }
    double badness() const;  // max_abs in units of what is allowed
  };
  std::vector<Line> ranked() const;
  std::vector<Line> lines_;
};

}  // namespace bmnet::op
