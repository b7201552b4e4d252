// Attention over heads, rotary position embedding, caches of keys and values.
#include <cmath>
#include <limits>
#include <optional>

#include "frontend/onnx/call.h"

namespace bmnet::frontend::onnx {
namespace {

// Added to the score of a key that must not be seen: exp() of it is zero. Infinity would become NaN in a row without
// any visible key.
constexpr float kHidden = -1e30f;

Status check_axes_of(const Call& call, size_t i, std::string_view what, std::initializer_list<int64_t> ranks) {
  for (const int64_t rank : ranks)
    if (call.rank(i) == rank) return {};
  return user_error("{} has shape {}, a tensor of {} axes is expected", what, to_string(call.shape(i)),
                    fmt::join(ranks, " or "));
}

// [N,tokens,heads*size] -> [N,heads,tokens,size]; tensors of four axes have that form already.
Result<ValueId> split_heads(Call& call, size_t i, std::string_view what, std::string_view heads_attribute) {
  BMNET_TRY(check_axes_of(call, i, what, {3, 4}));
  const Shape shape = call.shape(i);
  if (shape.size() == 4) return call.in(i);
  BMNET_ASSIGN(const int64_t heads, call.required_integer(heads_attribute));
  if (heads < 1 || shape[2] % heads) return user_error("{} heads do not divide the {} of {}", heads, shape[2], what);
  BMNET_ASSIGN(const ValueId split, call.reshape(call.in(i), {shape[0], shape[1], heads, shape[2] / heads}));
  return call.transpose(split, {0, 2, 1, 3});
}

// ---- Attention

// The scores of a query's row that softmax may see: what is added to them, and 0 or 1 for each, where rows without any
// visible key must become zero. Both broadcast to [N,heads,queries,keys].
struct Mask {
  std::optional<ValueId> bias, visible;
};

struct Heads {
  ValueId queries, keys, values;  // [N,heads,tokens,size]; keys and values with the cache in front
  int64_t past = 0;               // tokens of the cache
  Shape scores;                   // [N,heads,queries,keys]
};

Result<ValueId> with_past(Call& call, ValueId fresh, size_t past) {
  if (!call.has(past)) return fresh;
  return call.make("concat", {{"axis", int64_t{2}}}, {call.in(past), fresh});
}

// Each head of keys or values serves a group of query heads.
Result<ValueId> repeat_heads(Call& call, ValueId x, int64_t heads) {
  const Shape shape = call.shape_of(x);
  if (shape[1] == heads) return x;
  if (shape[1] < 1 || heads % shape[1])
    return user_error("{} heads of keys or values do not divide {} query heads", shape[1], heads);
  BMNET_ASSIGN(ValueId repeated, call.reshape(x, {shape[0], shape[1], 1, shape[2], shape[3]}));
  BMNET_ASSIGN(repeated, call.broadcast(repeated, {shape[0], shape[1], heads / shape[1], shape[2], shape[3]}));
  return call.reshape(repeated, {shape[0], heads, shape[2], shape[3]});
}

// A condition on [..,queries,keys] as numbers: joins what is visible with what `more` (truth values) says.
Status restrict_to(Call& call, Mask& mask, ValueId more) {
  BMNET_ASSIGN(const ValueId number, call.cast(more, DType::kF32));
  if (mask.visible) {
    BMNET_ASSIGN(mask.visible, call.binary("mul", *mask.visible, number));
  } else {
    mask.visible = number;
  }
  return {};
}

Status apply_mask_input(Call& call, const Heads& heads, Mask& mask) {
  ValueId given = call.in(3);
  const Shape shape = call.shape(3);
  if (shape.empty() || shape.size() > 4 || shape.back() > heads.scores[3])
    return user_error("the mask of shape {} does not fit scores {}", to_string(shape), to_string(heads.scores));
  const bool truth = call.dtype_of(given) == DType::kBool;
  if (const int64_t missing = heads.scores[3] - shape.back()) {
    Shape pads(2 * shape.size(), 0);
    pads.back() = missing;
    BMNET_ASSIGN(given, call.cast(given, DType::kF32));
    BMNET_ASSIGN(
        given, call.make("pad", {{"pads", pads}, {"mode", std::string("constant")}, {"value", truth ? 0.0f : kHidden}},
                         {given}));
    if (truth) {
      BMNET_ASSIGN(given, call.cast(given, DType::kBool));
    }
  }
  if (truth) return restrict_to(call, mask, given);
  BMNET_ASSIGN(given, call.cast(given, DType::kF32));
  BMNET_ASSIGN(const ValueId limit, call.scalar(DType::kF32, kHidden));
  BMNET_ASSIGN(const ValueId shown, call.make("compare", {{"kind", std::string("gt")}}, {given, limit}));
  BMNET_TRY(restrict_to(call, mask, shown));
  BMNET_ASSIGN(mask.bias, call.binary("max", given, limit));
  return {};
}

// Query i may see key j while low <= j - (i + offset) <= high; a missing bound is open.
struct Window {
  std::optional<int64_t> low, high;
};

Window window_of(const Call& call) {
  Window window;
  if (const int64_t left = call.integer("left_window_size", -1); left >= 0) window.low = -left;
  if (const int64_t right = call.integer("right_window_size", -1); right >= 0) window.high = right;
  if (call.integer("is_causal", 0)) window.high = 0;
  return window;
}

// j - i for every query i and key j: [queries,keys].
ValueId distances(Call& call, const Shape& scores, int64_t offset) {
  std::vector<float> values;
  for (int64_t i = 0; i < scores[2]; ++i)
    for (int64_t j = 0; j < scores[3]; ++j) values.push_back(static_cast<float>(j - i - offset));
  return call.constant<float>({scores[2], scores[3]}, values);
}

Status compare_with(Call& call, Mask& mask, ValueId x, std::string_view kind, ValueId bound) {
  BMNET_ASSIGN(const ValueId inside, call.make("compare", {{"kind", std::string(kind)}}, {x, bound}));
  return restrict_to(call, mask, inside);
}

Status apply_window(Call& call, const Heads& heads, const Window& window, Mask& mask) {
  if (!window.low && !window.high) return {};
  ValueId distance = distances(call, heads.scores, heads.past);
  if (call.has(6)) {
    // Of a cache kept outside, the queries are the last tokens of each sample.
    BMNET_ASSIGN(ValueId lengths, call.cast(call.in(6), DType::kF32));
    BMNET_ASSIGN(lengths, call.reshape(lengths, {heads.scores[0], 1, 1, 1}));
    BMNET_ASSIGN(lengths, call.linear(lengths, 1, -static_cast<float>(heads.scores[2])));
    BMNET_ASSIGN(distance, call.binary("sub", distance, lengths));
  }
  if (window.low) {
    BMNET_ASSIGN(const ValueId low, call.scalar(DType::kF32, static_cast<double>(*window.low)));
    BMNET_TRY(compare_with(call, mask, distance, "ge", low));
  }
  if (window.high) {
    BMNET_ASSIGN(const ValueId high, call.scalar(DType::kF32, static_cast<double>(*window.high)));
    BMNET_TRY(compare_with(call, mask, distance, "le", high));
  }
  return {};
}

// nonpad_kv_seqlen: only the first keys of each sample are real.
Status apply_lengths(Call& call, const Heads& heads, Mask& mask) {
  if (element_count(call.shape(6)) != heads.scores[0])
    return user_error("nonpad_kv_seqlen has shape {}, one length for each of {} samples is expected",
                      to_string(call.shape(6)), heads.scores[0]);
  std::vector<float> positions;
  for (int64_t j = 0; j < heads.scores[3]; ++j) positions.push_back(static_cast<float>(j));
  BMNET_ASSIGN(ValueId lengths, call.cast(call.in(6), DType::kF32));
  BMNET_ASSIGN(lengths, call.reshape(lengths, {heads.scores[0], 1, 1, 1}));
  return compare_with(call, mask, call.constant<float>({heads.scores[3]}, positions), "lt", lengths);
}

Result<Mask> mask_of(Call& call, const Heads& heads) {
  Mask mask;
  if (call.has(3)) BMNET_TRY(apply_mask_input(call, heads, mask));
  if (call.has(6)) BMNET_TRY(apply_lengths(call, heads, mask));
  BMNET_TRY(apply_window(call, heads, window_of(call), mask));
  if (!mask.visible) return mask;
  // 0 where visible, kHidden elsewhere.
  BMNET_ASSIGN(const ValueId hidden, call.linear(*mask.visible, -kHidden, kHidden));
  if (mask.bias) {
    BMNET_ASSIGN(mask.bias, call.binary("add", *mask.bias, hidden));
  } else {
    mask.bias = hidden;
  }
  return mask;
}

Result<Heads> heads_of(Call& call) {
  if (call.has(4) != call.has(5)) return user_error("past_key and past_value go together; one of them is missing");
  if (call.has(6) && call.has(4)) return user_error("nonpad_kv_seqlen and past_key exclude each other");
  Heads heads;
  BMNET_ASSIGN(heads.queries, split_heads(call, 0, "Q", "q_num_heads"));
  BMNET_ASSIGN(heads.keys, split_heads(call, 1, "K", "kv_num_heads"));
  BMNET_ASSIGN(heads.values, split_heads(call, 2, "V", "kv_num_heads"));
  BMNET_ASSIGN(heads.keys, with_past(call, heads.keys, 4));
  BMNET_ASSIGN(heads.values, with_past(call, heads.values, 5));
  if (call.has(4)) heads.past = call.shape(4)[2];
  const Shape q = call.shape_of(heads.queries);
  heads.scores = {q[0], q[1], q[2], call.shape_of(heads.keys)[2]};
  return heads;
}

// As the operator's definition has them: minus infinity where hidden.
Result<ValueId> masked_scores(Call& call, ValueId scores, const Mask& mask) {
  if (!mask.visible) return scores;
  BMNET_ASSIGN(const ValueId visible, call.cast(*mask.visible, DType::kBool));
  BMNET_ASSIGN(const ValueId nothing, call.scalar(DType::kF32, -std::numeric_limits<double>::infinity()));
  return call.make("select", {}, {visible, scores, nothing});
}

// The fourth output shows the scores at one of these moments.
enum class Moment : uint8_t { kRaw, kCapped, kMasked, kProbabilities };

Result<Values> attention(Call& call) {
  BMNET_ASSIGN(const Heads heads, heads_of(call));
  const float size = static_cast<float>(call.shape_of(heads.queries)[3]), cap = call.number("softcap", 0);
  const auto shown = static_cast<Moment>(call.integer("qk_matmul_output_mode", 0));
  std::optional<ValueId> output;
  const auto look = [&](Moment moment, ValueId scores) {
    if (moment == shown) output = scores;
  };

  BMNET_ASSIGN(const ValueId keys, repeat_heads(call, heads.keys, heads.scores[1]));
  BMNET_ASSIGN(const ValueId scaled, call.linear(heads.queries, call.number("scale", 1 / std::sqrt(size)), 0));
  BMNET_ASSIGN(ValueId scores, call.make("matmul", {{"transpose_b", true}}, {scaled, keys}));
  look(Moment::kRaw, scores);
  if (cap > 0) {
    BMNET_ASSIGN(const ValueId small, call.linear(scores, 1 / cap, 0));
    BMNET_ASSIGN(const ValueId bounded, call.unary("tanh", small));
    BMNET_ASSIGN(scores, call.linear(bounded, cap, 0));
  }
  look(Moment::kCapped, scores);
  BMNET_ASSIGN(const Mask mask, mask_of(call, heads));
  if (mask.bias) {
    BMNET_ASSIGN(scores, call.binary("add", scores, *mask.bias));
  }
  if (shown == Moment::kMasked) {
    BMNET_ASSIGN(output, masked_scores(call, scores, mask));
  }
  BMNET_ASSIGN(ValueId probabilities, call.make("softmax", {{"axis", int64_t{3}}, {"log", false}}, {scores}));
  if (mask.visible) {
    BMNET_ASSIGN(probabilities, call.binary("mul", probabilities, *mask.visible));
  }
  look(Moment::kProbabilities, probabilities);
  BMNET_ASSIGN(const ValueId values, repeat_heads(call, heads.values, heads.scores[1]));
  BMNET_ASSIGN(ValueId result, call.make("matmul", {}, {probabilities, values}));
  if (call.rank(0) == 3) {
    const Shape shape = call.shape_of(result);
    BMNET_ASSIGN(result, call.transpose(result, {0, 2, 1, 3}));
    BMNET_ASSIGN(result, call.reshape(result, {shape[0], shape[2], shape[1] * shape[3]}));
  }
  if (call.wants(3) && !output)
    return user_error("qk_matmul_output_mode {} is not defined", call.integer("qk_matmul_output_mode", 0));
  return Values{result, heads.keys, heads.values, output.value_or(result)};
}

// ---- RotaryEmbedding

// Rows of a table of cosines or sines [positions,half] for every token, or the table [N,tokens,half] itself; either as
// [N,tokens,1,half].
Result<ValueId> angles(Call& call, size_t table, int64_t half) {
  ValueId rows = call.in(table);
  if (call.has(3)) {
    BMNET_ASSIGN(rows, call.make("gather", {{"axis", int64_t{0}}}, {rows, call.in(3)}));
  }
  const Shape shape = call.shape_of(rows);
  if (shape.size() != 3 || shape[2] != half)
    return user_error("table of shape {} for {} rotated pairs", to_string(call.shape(table)), half);
  return call.reshape(rows, {shape[0], shape[1], 1, shape[2]});
}

// a*x - b*y or a*x + b*y.
Result<ValueId> combine(Call& call, std::string_view kind, ValueId a, ValueId x, ValueId b, ValueId y) {
  BMNET_ASSIGN(const ValueId first, call.binary("mul", a, x));
  BMNET_ASSIGN(const ValueId second, call.binary("mul", b, y));
  return call.binary(kind, first, second);
}

// Rotates the pairs of x [N,tokens,heads,2*half].
Result<ValueId> rotate(Call& call, ValueId x, int64_t half) {
  const bool interleaved = call.integer("interleaved", 0) != 0;
  BMNET_ASSIGN(const ValueId cosines, angles(call, 1, half));
  BMNET_ASSIGN(const ValueId sines, angles(call, 2, half));
  BMNET_ASSIGN(const ValueId first, call.slice(x, 3, 0, half, interleaved ? 2 : 1));
  BMNET_ASSIGN(const ValueId second, call.slice(x, 3, interleaved ? 1 : half, half, interleaved ? 2 : 1));
  BMNET_ASSIGN(ValueId real, combine(call, "sub", cosines, first, sines, second));
  BMNET_ASSIGN(ValueId imaginary, combine(call, "add", sines, first, cosines, second));
  if (!interleaved) return call.make("concat", {{"axis", int64_t{3}}}, {real, imaginary});
  const Shape shape = call.shape_of(x);
  const Shape pairs = {shape[0], shape[1], shape[2], half, 1};
  BMNET_ASSIGN(real, call.reshape(real, pairs));
  BMNET_ASSIGN(imaginary, call.reshape(imaginary, pairs));
  BMNET_ASSIGN(const ValueId joined, call.make("concat", {{"axis", int64_t{4}}}, {real, imaginary}));
  return call.reshape(joined, shape);
}

Result<Values> rotary_embedding(Call& call) {
  BMNET_TRY(check_axes_of(call, 0, "the input", {3, 4}));
  const Shape shape = call.shape(0);
  ValueId x = call.in(0);  // as [N,tokens,heads,size]
  if (shape.size() == 4) {
    BMNET_ASSIGN(x, call.transpose(x, {0, 2, 1, 3}));
  } else {
    BMNET_ASSIGN(const int64_t heads, call.required_integer("num_heads"));
    if (heads < 1 || shape[2] % heads) return user_error("{} heads do not divide {}", heads, shape[2]);
    BMNET_ASSIGN(x, call.reshape(x, {shape[0], shape[1], heads, shape[2] / heads}));
  }
  const int64_t size = call.shape_of(x)[3];
  int64_t rotated = call.integer("rotary_embedding_dim", 0);
  if (rotated == 0) rotated = size;
  if (rotated < 0 || rotated > size || rotated % 2)
    return user_error("rotary_embedding_dim {} of heads of size {}; an even part is expected", rotated, size);
  BMNET_ASSIGN(const ValueId turning, call.slice(x, 3, 0, rotated));
  BMNET_ASSIGN(ValueId result, rotate(call, turning, rotated / 2));
  if (rotated < size) {
    BMNET_ASSIGN(const ValueId rest, call.slice(x, 3, rotated, size - rotated));
    BMNET_ASSIGN(result, call.make("concat", {{"axis", int64_t{3}}}, {result, rest}));
  }
  return one(shape.size() == 4 ? call.transpose(result, {0, 2, 1, 3}) : call.reshape(result, shape));
}

// ---- TensorScatter: writes `update` into a cache along one axis, for each sample from its own index on.

Result<Values> tensor_scatter(Call& call) {
  const Shape cache = call.shape(0), update = call.shape(1);
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(call.integer("axis", -2), call.rank(0)));
  Shape expected = cache;
  if (axis == 0) return user_error("axis 0 is the batch; the sequence has another one");
  if (update.size() == cache.size()) expected[axis] = update[axis];
  if (update != expected || update[axis] > cache[axis])
    return user_error("an update of shape {} does not fit a cache of shape {}", to_string(update), to_string(cache));
  // The place of every element of the update along the axis.
  std::vector<int64_t> steps(update[axis]);
  for (size_t i = 0; i < steps.size(); ++i) steps[i] = static_cast<int64_t>(i);
  Shape line(update.size(), 1), samples = line;
  line[axis] = update[axis], samples[0] = update[0];
  ValueId places = call.constant<int64_t>(line, steps);
  if (call.has(2)) {
    BMNET_ASSIGN(const ValueId start, call.reshape(call.in(2), samples));
    BMNET_ASSIGN(places, call.binary("add", start, places));
  }
  if (call.text("mode", "linear") == "circular") {
    BMNET_ASSIGN(const ValueId extent, call.scalar(DType::kI64, static_cast<double>(cache[axis])));
    BMNET_ASSIGN(places, call.binary("mod", places, extent));
  }
  BMNET_ASSIGN(places, call.broadcast(places, update));
  return call.finish("scatter_elements", {{"axis", axis}, {"reduction", std::string("none")}},
                     {call.in(0), places, call.in(1)});
}

// clang-format off
constexpr Row kRows[] = {
    {"Attention", 23, 3, 7, 4, "is_causal:i kv_num_heads:i left_window_size:i q_num_heads:i qk_matmul_output_mode:i right_window_size:i scale:f softcap:f softmax_precision:i", attention, "", "matmul, softmax, binary, unary, transpose", ""},
    {"RotaryEmbedding", 23, 3, 4, 1, "interleaved:i num_heads:i rotary_embedding_dim:i", rotary_embedding, "", "slice, binary, concat", ""},
    {"TensorScatter", 24, 2, 3, 1, "axis:i mode:s", tensor_scatter, "", "scatter_elements", ""},
};
// clang-format on

}  // namespace

std::span<const Row> attention_rows() { return kRows; }

}  // namespace bmnet::frontend::onnx
