#include "base/npz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "base/file.h"
#include "base/testing.h"

namespace bmnet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A .npy file with the given header text and data.
std::string npy(std::string header, std::string_view data) {
  header += '\n';
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size() & 0xFF);
  file += static_cast<char>(header.size() >> 8);
  return file + header + std::string(data);
}

Result<Tensor> parse(const std::string& file) { return parse_npy(as_bytes(file), "x.npy"); }

std::string error_of(const std::string& file) {
  const Result<Tensor> tensor = parse(file);
  return tensor ? "no error" : tensor.error().message;
}

std::filesystem::path temporary(const char* name) { return std::filesystem::path(::testing::TempDir()) / name; }

TEST(npy, is_written_as_numpy_writes_it) {
  const Tensor tensor = Tensor::of<int8_t>({2}, std::vector<int8_t>{1, 2});
  ASSERT_TRUE(write_npy(temporary("a.npy"), tensor));
  const std::string expected = std::string("\x93NUMPY\x01\x00\x76\x00", 10) +
                               "{'descr': '|i1', 'fortran_order': False, 'shape': (2,), }" + std::string(60, ' ') +
                               "\n\1\2";
  EXPECT_EQ(*read_text(temporary("a.npy")), expected);
}

TEST(npy, is_read_back) {
  const Tensor tensor = Tensor::of<float>({1, 2}, std::vector<float>{1.5f, -2.0f});
  ASSERT_TRUE(write_npy(temporary("b.npy"), tensor));
  const Tensor back = *read_npy(temporary("b.npy"));
  EXPECT_EQ(back.info(), tensor.info());
  EXPECT_THAT(back.data<float>(), ElementsAre(1.5f, -2.0f));
}

TEST(npy, a_scalar_has_rank_0) {
  const Tensor tensor = *parse(npy("{'descr': '|u1', 'fortran_order': False, 'shape': ()}", "\7"));
  EXPECT_TRUE(tensor.shape().empty());
  EXPECT_EQ(tensor.data<uint8_t>()[0], 7);
}

TEST(npy, an_empty_array_keeps_its_shape) {
  EXPECT_EQ(parse(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 0)}", ""))->shape(), (Shape{3, 0}));
}

TEST(npy, big_endian_numbers_are_converted) {
  const Tensor tensor = *parse(npy("{'descr': '>i2', 'fortran_order': False, 'shape': (1,)}", "\1\2"));
  EXPECT_EQ(tensor.data<int16_t>()[0], 0x0102);
}

TEST(npy, column_major_arrays_are_transposed) {
  const Tensor tensor = *parse(npy("{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3)}", "\1\4\2\5\3\6"));
  EXPECT_THAT(tensor.data<int8_t>(), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(npy, any_byte_but_0_is_true) {
  const Tensor tensor = *parse(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}", std::string("\0\5", 2)));
  EXPECT_THAT(tensor.data<bool>(), ElementsAre(false, true));
}

TEST(npy, refuses_another_magic) { EXPECT_EQ(error_of("PK\3\4....."), "x.npy: is not a NumPy array (.npy)"); }

TEST(npy, refuses_a_file_that_ends_in_the_header) {
  EXPECT_EQ(error_of(npy("{}", "").substr(0, 9)), "x.npy: ends in the middle of its header");
}

TEST(npy, refuses_an_unknown_version) {
  EXPECT_EQ(error_of(std::string("\x93NUMPY\x09\x00", 8)), "x.npy: .npy version 9 is not known");
}

TEST(npy, refuses_a_huge_header) {
  EXPECT_EQ(error_of(std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12)),
            "x.npy: header of 4294967295 bytes is too long");
}

TEST(npy, refuses_a_malformed_header) {
  EXPECT_EQ(error_of(npy("{'descr': '<f4', 'shape': (1,)", "")), "x.npy: the header is not a NumPy array header");
}

TEST(npy, refuses_a_header_without_a_shape) {
  EXPECT_EQ(error_of(npy("{'descr': '<f4', 'fortran_order': False}", "")),
            "x.npy: the header is not a NumPy array header");
}

TEST(npy, refuses_a_repeated_entry) {
  EXPECT_EQ(error_of(npy("{'shape': (1,), 'shape': (2,)}", "")), "x.npy: header repeats 'shape'");
}

TEST(npy, refuses_an_unknown_entry) {
  EXPECT_EQ(error_of(npy("{'colour': (1,)}", "")), "x.npy: unknown header entry 'colour'");
}

TEST(npy, refuses_objects) {
  EXPECT_THAT(error_of(npy("{'descr': '|O', 'fortran_order': False, 'shape': ()}", "")),
              HasSubstr("element type '|O' is not supported"));
}

TEST(npy, refuses_structures) {
  EXPECT_EQ(error_of(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}", "")),
            "x.npy: structured arrays are not supported");
}

TEST(npy, refuses_data_of_another_size) {
  EXPECT_EQ(error_of(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "1234")),
            "x.npy: shape [2] of f32 needs 8 bytes, the file has 4");
}

TEST(npy, refuses_a_size_that_overflows) {
  EXPECT_THAT(error_of(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", "")),
              HasSubstr("a dimension is too large"));
  EXPECT_THAT(error_of(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", "")),
              HasSubstr("is too large"));
}

TEST(npy, refuses_a_size_that_overflows_beside_a_zero) {
  EXPECT_THAT(error_of(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 0)}", "")),
              HasSubstr("is too large"));
}

TEST(npy, refuses_more_dimensions_than_numpy_has) {
  std::string ones;
  for (int i = 0; i < 33; ++i) ones += "1,";
  EXPECT_EQ(error_of(npy("{'descr': '|i1', 'fortran_order': False, 'shape': (" + ones + ")}", "1")),
            "x.npy: more than 32 dimensions");
}

TEST(npz, is_read_back_in_order) {
  const std::vector<NamedTensor> tensors = {{"b", Tensor::of<float>({2}, std::vector<float>{1, 2})},
                                            {"folder/a", Tensor::of<int64_t>({}, std::vector<int64_t>{-1})},
                                            {"empty", Tensor({DType::kBF16, {0}})}};
  ASSERT_TRUE(write_npz(temporary("a.npz"), tensors));
  const std::vector<NamedTensor> back = *read_npz(temporary("a.npz"));
  ASSERT_EQ(back.size(), 3u);
  EXPECT_EQ(back[0].name, "b");
  EXPECT_EQ(back[1].name, "folder/a");
  EXPECT_THAT(find_tensor(back, "b")->data<float>(), ElementsAre(1, 2));
  EXPECT_EQ(find_tensor(back, "folder/a")->data<int64_t>()[0], -1);
  EXPECT_EQ(find_tensor(back, "empty")->info(), tensors[2].tensor.info());
  EXPECT_EQ(find_tensor(back, "c"), nullptr);
}

TEST(npz, equal_arrays_give_equal_bytes) {
  const std::vector<NamedTensor> tensors = {{"a", Tensor({DType::kF32, {3}})}};
  ASSERT_TRUE(write_npz(temporary("c1.npz"), tensors));
  ASSERT_TRUE(write_npz(temporary("c2.npz"), tensors));
  EXPECT_EQ(*read_text(temporary("c1.npz")), *read_text(temporary("c2.npz")));
}

TEST(npz, may_be_empty) {
  ASSERT_TRUE(write_npz(temporary("e.npz"), {}));
  EXPECT_TRUE(read_npz(temporary("e.npz"))->empty());
}

TEST(npz, refuses_what_is_no_zip) {
  EXPECT_THAT(parse_npz(as_bytes("hello"), "x.npz").error().message, HasSubstr("is not a NumPy archive (.npz)"));
}

TEST(npz, refuses_a_flipped_bit_in_the_data) {
  ASSERT_TRUE(write_npz(temporary("f.npz"), std::vector<NamedTensor>{{"a", Tensor({DType::kF32, {64}})}}));
  std::string file = *read_text(temporary("f.npz"));
  file[200] ^= 1;
  EXPECT_EQ(parse_npz(as_bytes(file), "f.npz").error().message, "f.npz: 'a.npy': CRC error");
}

// The directory of an archive of one entry, and what stands around it.
struct OneEntry {
  OneEntry() {
    EXPECT_TRUE(write_npz(temporary("b.npz"), std::vector<NamedTensor>{{"0000", Tensor({DType::kF32, {256}})}}));
    const std::string file = *read_text(temporary("b.npz"));
    const size_t directory = file.find("PK\1\2"), end = file.find("PK\5\6");
    content = file.substr(0, directory), entry = file.substr(directory, end - directory), tail = file.substr(end);
  }
  // The archive with this directory of `count` entries.
  std::string with(const std::string& entries, uint16_t count) const {
    std::string end = tail;
    const auto size = static_cast<uint32_t>(entries.size());
    std::memcpy(&end[8], &count, 2), std::memcpy(&end[10], &count, 2), std::memcpy(&end[12], &size, 4);
    return content + entries + end;
  }
  std::string content, entry, tail;
};

TEST(npz, refuses_an_entry_that_claims_more_than_it_can_hold) {
  const OneEntry one;
  for (const uint32_t claimed : {1u << 31, 1u << 16, 1u}) {
    std::string entry = one.entry;
    std::memcpy(&entry[24], &claimed, 4);
    const auto arrays = parse_npz(as_bytes(one.with(entry, 1)), "b.npz");
    ASSERT_FALSE(arrays) << claimed;
    EXPECT_THAT(arrays.error().message, HasSubstr("b.npz: ")) << claimed;
  }
}

// One array under a thousand names.
TEST(npz, refuses_entries_that_lie_over_each_other) {
  const OneEntry one;
  EXPECT_TRUE(parse_npz(as_bytes(one.with(one.entry, 1)), "b.npz"));
  std::string entries;
  for (int i = 0; i < 1000; ++i) {
    std::string entry = one.entry;
    entry.replace(entry.find("0000"), 4, fmt::format("{:04}", i));
    entries += entry;
  }
  const auto arrays = parse_npz(as_bytes(one.with(entries, 1000)), "b.npz");
  ASSERT_FALSE(arrays);
  EXPECT_THAT(arrays.error().message, HasSubstr("b.npz: '"));
}

TEST(npz, refuses_every_truncation) {
  ASSERT_TRUE(write_npz(temporary("t.npz"), std::vector<NamedTensor>{{"a", Tensor({DType::kF32, {4}})}}));
  const std::string file = *read_text(temporary("t.npz"));
  for (size_t size = 0; size < file.size(); ++size)
    EXPECT_FALSE(parse_npz(as_bytes(file).first(size), "t.npz")) << size << " bytes";
}

TEST(npz, reads_a_golden_file) {
  const auto path = test::shared_file("models/torchscript/squeezenet_v1_1/golden.npz");
  BMNET_REQUIRE_SHARED(path);
  const auto tensors = read_npz(path);
  ASSERT_TRUE(tensors) << tensors.error().message;
  EXPECT_FALSE(tensors->empty());
}

}  // namespace
}  // namespace bmnet
