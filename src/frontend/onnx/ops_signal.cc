// Fourier transforms as products with constant matrices, mel filters, determinants.
#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "frontend/onnx/call.h"
#include "frontend/onnx/importer.h"

namespace bmnet::frontend::onnx {
namespace {

// Complex numbers are pairs at the innermost axis; real signals have one element there.
struct Transform {
  int64_t samples;  // of the signal that take part
  int64_t parts;    // 1: real, 2: complex
  int64_t length;   // of the transform; missing samples count as zeros
  bool inverse = false;
  int64_t results = 0;       // frequencies (or samples of an inverse transform) wanted
  bool real_result = false;  // of an inverse transform of a half spectrum
};

// How often a frequency of a half spectrum occurs in the whole one.
double multiplicity(const Transform& t, int64_t frequency) {
  if (!t.real_result) return 1;
  if (frequency > t.length / 2) return 0;
  return frequency == 0 || 2 * frequency == t.length ? 1 : 2;
}

// [samples*parts, results*parts of a result]: what a signal's row is multiplied with, so that
// y[k] = sum over n of x[n] exp(-+ 2 pi i k n / length), divided by the length when inverse.
Result<ValueId> matrix(Call& call, const Transform& t) {
  const int64_t rows = t.samples * t.parts, result_parts = t.real_result ? 1 : 2, columns = t.results * result_parts;
  BMNET_TRY(nn::reserve_constant(Shape{rows, columns}, DType::kF32));
  std::vector<float> values(rows * columns);
  for (int64_t n = 0; n < std::min(t.samples, t.length); ++n)
    for (int64_t k = 0; k < t.results; ++k) {
      // The product is reduced first: large angles would lose digits.
      const double angle = 2 * std::numbers::pi * static_cast<double>(k * n % t.length) / static_cast<double>(t.length);
      const double factor = t.inverse ? multiplicity(t, n) / static_cast<double>(t.length) : 1;
      const double c = factor * std::cos(angle), s = factor * (t.inverse ? std::sin(angle) : -std::sin(angle));
      float* at = &values[n * t.parts * columns + k * result_parts];
      at[0] = static_cast<float>(c);
      if (!t.real_result) at[1] = static_cast<float>(s);
      if (t.parts == 1) continue;
      at[columns] = static_cast<float>(-s);
      if (!t.real_result) at[columns + 1] = static_cast<float>(c);
    }
  return call.constant<float>({rows, columns}, values);
}

// Transforms x [...,samples,parts] to [...,results,parts]; the samples are multiplied with `window` [samples] first
// when there is one.
Result<ValueId> transform(Call& call, ValueId x, const Transform& t, std::optional<ValueId> window = {}) {
  BMNET_ASSIGN(ValueId weights, matrix(call, t));
  if (window) {
    BMNET_ASSIGN(ValueId factors, call.reshape(*window, {t.samples, 1}));
    BMNET_ASSIGN(factors, call.broadcast(factors, {t.samples, t.parts}));
    BMNET_ASSIGN(factors, call.reshape(factors, {t.samples * t.parts, 1}));
    BMNET_ASSIGN(weights, call.binary("mul", weights, factors));
  }
  Shape shape = call.shape_of(x);
  shape.pop_back();
  shape.back() = t.samples * t.parts;
  BMNET_ASSIGN(const ValueId rows, call.reshape(x, shape));
  BMNET_ASSIGN(const ValueId product, call.make("matmul", {}, {rows, weights}));
  shape.back() = t.results;
  shape.push_back(t.real_result ? 1 : 2);
  return call.reshape(product, shape);
}

Status check_length(int64_t length) {
  if (length < 1 || length > 1 << 16) return unsupported("a transform of length {}; 1 to 65536 is possible", length);
  return {};
}

Result<Values> dft(Call& call) {
  const Shape shape = call.shape(0);
  if (shape.size() < 3 || shape.back() < 1 || shape.back() > 2)
    return user_error("the signal has shape {}, [...,1] (real) or [...,2] (complex) is expected", to_string(shape));
  int64_t axis = call.integer("axis", call.opset() < 20 ? 1 : -2);
  if (call.has(2)) {
    BMNET_ASSIGN(axis, call.integer_of(2, "axis"));
  }
  BMNET_ASSIGN(axis, Call::normal_axis(axis, call.rank(0)));
  const int64_t last = call.rank(0) - 1;
  if (axis == last) return user_error("axis {} holds the parts of the numbers, it cannot be transformed", axis);
  const bool onesided = call.integer("onesided", 0) != 0;
  Transform t{.samples = shape[axis], .parts = shape.back(), .length = shape[axis]};
  t.inverse = call.integer("inverse", 0) != 0;
  t.real_result = t.inverse && onesided;
  if (t.real_result) t.length = 2 * (shape[axis] - 1);
  if (call.has(1)) {
    BMNET_ASSIGN(t.length, call.integer_of(1, "dft_length"));
  }
  BMNET_TRY(check_length(t.length));
  t.results = onesided && !t.inverse ? t.length / 2 + 1 : t.length;

  Shape permutation(shape.size());
  for (size_t i = 0; i < shape.size(); ++i) permutation[i] = static_cast<int64_t>(i);
  std::swap(permutation[axis], permutation[last - 1]);
  BMNET_ASSIGN(const ValueId signal, call.transpose(call.in(0), permutation));
  BMNET_ASSIGN(const ValueId spectrum, transform(call, signal, t));
  return one(call.transpose(spectrum, permutation));
}

// Frames of the signal [N,length,parts], each transformed: [N,frames,frequencies,2].
Result<Values> stft(Call& call) {
  const Shape shape = call.shape(0);
  if (shape.size() != 3 || shape[2] < 1 || shape[2] > 2)
    return user_error("the signal has shape {}, [N,length,1] or [N,length,2] is expected", to_string(shape));
  BMNET_ASSIGN(const int64_t step, call.integer_of(1, "frame_step"));
  int64_t length = call.has(2) ? element_count(call.shape(2)) : shape[1];
  if (call.has(3)) {
    BMNET_ASSIGN(length, call.integer_of(3, "frame_length"));
  }
  BMNET_TRY(check_length(length));
  if (step < 1 || length > shape[1])
    return user_error("frames of {} samples in steps of {} in a signal of {}", length, step, shape[1]);
  if (call.has(2) && call.shape(2) != Shape{length})
    return user_error("the window has shape {}, [{}] is expected", to_string(call.shape(2)), length);

  const int64_t frames = 1 + (shape[1] - length) / step;
  BMNET_TRY(nn::reserve_constant(Shape{frames, length}, DType::kI64));
  std::vector<int64_t> places;
  for (int64_t frame = 0; frame < frames; ++frame)
    for (int64_t n = 0; n < length; ++n) places.push_back(frame * step + n);
  const ValueId indices = call.constant<int64_t>({frames, length}, places);
  BMNET_ASSIGN(const ValueId framed, call.make("gather", {{"axis", int64_t{1}}}, {call.in(0), indices}));
  Transform t{.samples = length, .parts = shape[2], .length = length};
  t.results = call.integer("onesided", 1) ? length / 2 + 1 : length;
  return one(transform(call, framed, t, call.has(2) ? std::optional(call.in(2)) : std::nullopt));
}

// ---- MelWeightMatrix: triangular filters over the frequencies of a spectrum, equally wide on the mel scale.

double mel(double hertz) { return 2595 * std::log10(1 + hertz / 700); }
double hertz(double mel) { return 700 * (std::pow(10, mel / 2595) - 1); }

Result<Values> mel_weights(Call& call) {
  BMNET_ASSIGN(const int64_t bands, call.integer_of(0, "num_mel_bins"));
  BMNET_ASSIGN(const int64_t length, call.integer_of(1, "dft_length"));
  BMNET_ASSIGN(const int64_t rate, call.integer_of(2, "sample_rate"));
  BMNET_ASSIGN(const float lower, call.number_of(3, "lower_edge_hertz"));
  BMNET_ASSIGN(const float upper, call.number_of(4, "upper_edge_hertz"));
  BMNET_TRY(check_length(length));
  if (bands < 1 || rate < 1 || !(lower >= 0) || !(upper >= lower) || upper > static_cast<float>(rate))
    return user_error("{} bands from {} to {} Hz at {} samples a second", bands, lower, upper, rate);
  const int64_t frequencies = length / 2 + 1;
  BMNET_TRY(nn::reserve_constant(Shape{frequencies, bands}, DType::kF32));
  // The frequency at the lower edge of filter i, at its peak (i+1) and at its upper edge (i+2).
  std::vector<int64_t> edges;
  for (int64_t i = 0; i < bands + 2; ++i) {
    const double step = (mel(upper) - mel(lower)) / static_cast<double>(bands + 2);
    const double place = static_cast<double>(length + 1) * hertz(mel(lower) + static_cast<double>(i) * step);
    edges.push_back(static_cast<int64_t>(std::floor(place / static_cast<double>(rate))));
  }
  std::vector<float> values(frequencies * bands);
  for (int64_t band = 0; band < bands; ++band) {
    const int64_t left = edges[band], peak = edges[band + 1], right = edges[band + 2];
    for (int64_t f = left; f <= std::min(right, frequencies - 1); ++f) {
      const auto rise = static_cast<float>(f - left) / static_cast<float>(std::max<int64_t>(peak - left, 1));
      const auto fall = static_cast<float>(right - f) / static_cast<float>(std::max<int64_t>(right - peak, 1));
      values[f * bands + band] = f < peak ? rise : f > peak ? fall : 1;
    }
  }
  const ValueId weights = call.constant<float>({frequencies, bands}, values);
  BMNET_ASSIGN(const DType dtype, imported_dtype(static_cast<int>(call.integer("output_datatype", 1))));
  return one(call.cast(weights, dtype));
}

// ---- Det: expansion along the rows, the smaller determinants being shared.

constexpr int64_t kMaxDeterminant = 5;

Result<Values> determinant(Call& call) {
  const Shape shape = call.shape(0);
  const int64_t n = shape.empty() ? 0 : shape.back(), axis = call.rank(0) - 2;
  if (shape.size() < 2 || shape[axis] != n) return user_error("{} is no square matrix", to_string(shape));
  if (n < 1 || n > kMaxDeterminant)
    return unsupported("the determinant of {} x {} matrices; 1 to {} is possible", n, n, kMaxDeterminant);
  const auto element = [&](int64_t row, int64_t column) -> Result<ValueId> {
    BMNET_ASSIGN(const ValueId line, call.slice(call.in(0), axis, row, 1));
    return call.slice(line, axis + 1, column, 1);
  };
  // By the set of columns: the determinant of these columns in the last rows.
  std::map<unsigned, ValueId> minors;
  for (int64_t column = 0; column < n; ++column) {
    BMNET_ASSIGN(minors[1U << column], element(n - 1, column));
  }
  for (int64_t row = n - 2; row >= 0; --row) {
    std::map<unsigned, ValueId> larger;
    for (unsigned columns = 0; columns < 1U << n; ++columns) {
      if (std::popcount(columns) != n - row) continue;
      std::optional<ValueId> sum;
      bool minus = false;
      for (int64_t column = 0; column < n; ++column) {
        if (!(columns >> column & 1)) continue;
        BMNET_ASSIGN(const ValueId factor, element(row, column));
        BMNET_ASSIGN(ValueId term, call.binary("mul", factor, minors.at(columns & ~(1U << column))));
        if (sum) {
          BMNET_ASSIGN(term, call.binary(minus ? "sub" : "add", *sum, term));
        }
        sum = term;
        minus = !minus;
      }
      larger[columns] = *sum;
    }
    minors = std::move(larger);
  }
  return one(call.reshape(minors.begin()->second, Shape(shape.begin(), shape.end() - 2)));
}

// clang-format off
constexpr Row kRows[] = {
    {"DFT", 17, 1, 3, 1, "axis:i inverse:i onesided:i", dft, "", "matmul", "constant length"},
    {"Det", 11, 1, 1, 1, "", determinant, "", "slice, binary", "up to 5 x 5"},
    {"MelWeightMatrix", 17, 5, 5, 1, "output_datatype:i", mel_weights, "", "constant", "constant inputs"},
    {"STFT", 17, 2, 4, 1, "onesided:i", stft, "", "gather, matmul", "constant step and length"},
};
// clang-format on

}  // namespace

std::span<const Row> signal_rows() { return kRows; }

}  // namespace bmnet::frontend::onnx
