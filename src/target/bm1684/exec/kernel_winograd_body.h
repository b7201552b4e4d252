// Part of kernel_body.h, inside its namespace: the adder tree, and the Winograd transforms, which end in it.

// Collects the terms of one node: first all exponents, then all magnitudes, as fixed point numbers below the largest.
struct Adder {
  VecI exponent_max = {};
  VecI nan = {}, plus_infinity = {}, minus_infinity = {};
  VecU sum = {};

  BMNET_INLINE void see(VecU bits) {
    const VecI magnitude = (VecI)(bits & 0x7FFFFFFF), infinite = magnitude == 0x7F800000, negative = (VecI)bits < 0;
    const VecI exponent = magnitude >> 23;
    exponent_max = exponent > exponent_max ? exponent : exponent_max;
    nan |= magnitude > 0x7F800000;
    plus_infinity |= infinite & ~negative;
    minus_infinity |= infinite & negative;
  }

  BMNET_INLINE void add(VecU bits) {
    const VecI exponent = (VecI)(bits << 1 >> 24), negative = (VecI)bits < 0;
    VecI shift = exponent_max - exponent;
    shift = shift < 31 ? shift : VecI{} + 31;
    const VecU fixed = ((bits & 0x7FFFFF) | 0x800000) << 1 >> (VecU)shift;
    const VecU value = fixed & (VecU)(exponent != 0);
    sum += (value ^ (VecU)negative) - (VecU)negative;
  }

  BMNET_INLINE VecU result() const {
    // Conversion rounds to 24 bits, to the nearest even, as the chip does.
    const VecU rounded = (VecU) __builtin_convertvector((VecI)sum, VecF);
    const VecU sign = rounded & 0x80000000;
    const VecI exponent = (VecI)(rounded << 1 >> 24) + exponent_max - (127 + 24);
    VecU bits = (rounded & 0x807FFFFF) | ((VecU)exponent << 23);
    bits = exponent > 0 ? bits : sign;
    bits = exponent > 254 ? sign | 0x7F800000 : bits;
    bits = sum == 0 ? VecU{} : bits;
    bits = plus_infinity ? VecU{} + 0x7F800000 : bits;
    bits = minus_infinity ? VecU{} + 0xFF800000 : bits;
    return nan | (plus_infinity & minus_infinity) ? VecU{} + 0xFFC00000 : bits;
  }
};

void add_node_f32(const AdderNode& node) {
  for (size_t j = 0; j < node.columns; j += kWidth) {
    const float* terms = node.terms + j;
    Adder adder;
    for (uint32_t i = 0; i < node.count; ++i) adder.see(load<VecU>(terms + i * node.stride));
    for (uint32_t i = 0; i < node.count; ++i) adder.add(load<VecU>(terms + i * node.stride));
    store(node.out + j, adder.result());
  }
}

// --------------------------------------------------------------------------------------------------------- Winograd

// Row r of B^T has two entries: +-1 in column kColumn[r][0] and kColumn[r][1].
constexpr int kColumn[4][2] = {{0, 2}, {1, 2}, {1, 2}, {1, 3}};
constexpr bool kMinus[4][2] = {{false, true}, {false, false}, {true, false}, {false, true}};

// The four terms of entry (r, c) of B^T d B as rows of the patch: two that are added and two that are subtracted, each
// in row-major order, but for entry (1, 1), where all are added.
struct InputTerms {
  int row[4];
};
constexpr InputTerms input_terms(int r, int c) {
  InputTerms terms{};
  int plus = 0, minus = 2;
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j) {
      const int row = kColumn[r][i] * 4 + kColumn[c][j];
      const bool negative = kMinus[r][i] != kMinus[c][j];
      terms.row[negative || plus == 2 ? minus++ : plus++] = row;
    }
  return terms;
}

template <typename V, typename T, int kEntry>
BMNET_INLINE void winograd_input_entry(const T* in, size_t in_stride, T* out, size_t out_stride) {
  constexpr InputTerms kTerms = input_terms(kEntry / 4, kEntry % 4);
  const V first = load<V>(in + kTerms.row[0] * in_stride) + load<V>(in + kTerms.row[1] * in_stride);
  const V second = load<V>(in + kTerms.row[2] * in_stride) + load<V>(in + kTerms.row[3] * in_stride);
  store(out + kEntry * out_stride, kEntry == 5 ? first + second : first - second);
}

template <typename V, typename T, int kEntry = 0>
BMNET_INLINE void winograd_input_entries(const T* in, size_t in_stride, T* out, size_t out_stride) {
  winograd_input_entry<V, T, kEntry>(in, in_stride, out, out_stride);
  if constexpr (kEntry < 15) winograd_input_entries<V, T, kEntry + 1>(in, in_stride, out, out_stride);
}

void winograd_input_f32(const float* in, size_t in_stride, size_t columns, float* out, size_t out_stride) {
  for (size_t j = 0; j < columns; j += kWidth) winograd_input_entries<VecF>(in + j, in_stride, out + j, out_stride);
}

void winograd_input_s16(const uint32_t* in, size_t in_stride, size_t columns, uint32_t* out, size_t out_stride) {
  for (size_t j = 0; j < columns; j += kWidth)
    winograd_input_entries<VecHalves>(in + j, in_stride, out + j, out_stride);
}

// Sign of M's row (or column) r in row (or column) p of A^T M A: +1, -1 or 0.
constexpr int output_sign(int p, int r) { return p == 0 ? (r < 3 ? 1 : 0) : (r == 0 ? 0 : r == 1 ? 1 : -1); }

void winograd_output_f32(const float* in, size_t in_stride, size_t columns, float* out, size_t out_stride) {
  for (size_t j = 0; j < columns; j += kWidth) {
    for (int entry = 0; entry < 4; ++entry) {
      Adder adder;
      VecU terms[9];
      int count = 0;
      for (int row = 0; row < 16; ++row) {
        const int sign = output_sign(entry / 2, row / 4) * output_sign(entry % 2, row % 4);
        if (sign == 0) continue;
        const VecU bits = load<VecU>(in + row * in_stride + j);
        terms[count++] = sign > 0 ? bits : bits ^ 0x80000000;
      }
      for (int i = 0; i < 9; ++i) adder.see(terms[i]);
      for (int i = 0; i < 9; ++i) adder.add(terms[i]);
      store(out + entry * out_stride + j, adder.result());
    }
  }
}

void winograd_output_i32(const int32_t* in, size_t in_stride, size_t columns, int32_t* out, size_t out_stride) {
  for (size_t j = 0; j < columns; j += kWidth) {
    for (int entry = 0; entry < 4; ++entry) {
      VecU sum = {};
      for (int row = 0; row < 16; ++row) {
        const int sign = output_sign(entry / 2, row / 4) * output_sign(entry % 2, row % 4);
        const VecU value = load<VecU>(in + row * in_stride + j);
        if (sign > 0) sum += value;
        if (sign < 0) sum -= value;
      }
      store(out + entry * out_stride + j, sum);
    }
  }
}
