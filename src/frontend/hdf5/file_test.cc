// Files written by the HDF5 library, read by ours; damaged ones.
#include "frontend/hdf5/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/testing.h"
#include "frontend/hdf5/testing.h"

namespace bmnet::frontend::hdf5::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Tensor ramp(Shape shape) {
  Tensor tensor({DType::kF32, std::move(shape)});
  for (int64_t i = 0; i < tensor.count(); ++i) tensor.data<float>()[i] = static_cast<float>(i);
  return tensor;
}

std::vector<float> floats(const Tensor& tensor) {
  EXPECT_EQ(tensor.dtype(), DType::kF32);
  return {tensor.data<float>().begin(), tensor.data<float>().end()};
}

// Reads one data set of a file in memory.
Result<Tensor> read(const std::string& bytes, std::string_view path) {
  BMNET_ASSIGN(const File file, File::open(as_bytes(bytes), nullptr));
  return file.read(path);
}

class either_format : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(hdf5, either_format, testing::Values(false, true),
                         [](const auto& info) { return info.param ? "newest" : "oldest"; });

TEST_P(either_format, has_groups_data_and_texts) {
  Writer writer(GetParam());
  writer.data("weights/dense/dense/kernel:0", ramp({2, 3})).data("weights/dense/dense/bias:0", ramp({3}));
  writer.group("weights/flatten").text("", "model_config", "{\"a\": 1}").text("weights", "backend", "none", true);
  const std::string bytes = writer.bytes();
  const auto file = File::open(as_bytes(bytes), nullptr);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_TRUE(file->has_group("weights/flatten"));
  EXPECT_FALSE(file->has_group("weights/dense/dense/bias:0"));
  EXPECT_THAT(file->data_sets("weights"), ElementsAre("weights/dense/dense/bias:0", "weights/dense/dense/kernel:0"));
  EXPECT_EQ(file->text_attribute("", "model_config"), "{\"a\": 1}");
  EXPECT_EQ(file->text_attribute("weights", "backend"), "none");
  EXPECT_EQ(file->text_attribute("weights", "absent"), std::nullopt);
  const auto kernel = file->read("weights/dense/dense/kernel:0");
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->shape(), (Shape{2, 3}));
  EXPECT_THAT(floats(*kernel), ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(hdf5, large_texts_and_many_members_are_found) {
  Writer writer;
  const std::string text(300000, 'x');
  writer.text("", "model_config", text);
  for (int i = 0; i < 500; ++i) writer.data(fmt::format("g/member_{}", i), ramp({1}));
  const std::string bytes = writer.bytes();
  const auto file = File::open(as_bytes(bytes), nullptr);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->text_attribute("", "model_config"), text);
  EXPECT_EQ(file->data_sets("g").size(), 500u);
}

TEST(hdf5, numbers_in_one_piece_are_borrowed) {
  Writer writer;
  writer.data("x", ramp({4}));
  const auto mapped = MappedFile::open(writer.path());
  ASSERT_TRUE(mapped);
  const auto file = File::open(mapped->bytes(), mapped->owner());
  ASSERT_TRUE(file) << file.error().message;
  const auto* data = static_cast<const uint8_t*>(file->read("x")->raw());
  EXPECT_GE(data, mapped->bytes().data());
  EXPECT_LT(data, mapped->bytes().data() + mapped->bytes().size());
}

TEST(hdf5, other_numbers_are_converted) {
  Writer writer;
  const Tensor x = ramp({3});
  writer.data("f64", x, {.type = H5T_IEEE_F64LE}).data("big", x, {.type = H5T_IEEE_F32BE});
  writer.data("i64", Tensor::of<int64_t>({2}, std::vector<int64_t>{-1, 5}));
  writer.data("scalar", Tensor::of<int32_t>({}, std::vector<int32_t>{7}));
  const hid_t half = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_fields(half, 15, 10, 5, 0, 10);
  H5Tset_size(half, 2);
  H5Tset_ebias(half, 15);
  writer.data("f16", x, {.type = half});
  H5Tclose(half);
  const std::string bytes = writer.bytes();
  for (const char* name : {"f64", "big", "f16"}) {
    const auto tensor = read(bytes, name);
    ASSERT_TRUE(tensor) << tensor.error().message;
    EXPECT_THAT(floats(*tensor), ElementsAre(0, 1, 2)) << name;
  }
  EXPECT_EQ(read(bytes, "i64")->data<int64_t>()[0], -1);
  EXPECT_EQ(read(bytes, "scalar")->data<int32_t>()[0], 7);
  EXPECT_EQ(read(bytes, "scalar")->shape(), Shape{});
}

TEST(hdf5, chunks_are_put_together) {
  Writer writer;
  writer.data("plain", ramp({5, 7}), {.chunk = {2, 3}});
  writer.data("packed", ramp({5, 7}), {.chunk = {2, 3}, .deflate = 6, .shuffle = true});
  const std::string bytes = writer.bytes();
  for (const char* name : {"plain", "packed"}) {
    const auto tensor = read(bytes, name);
    ASSERT_TRUE(tensor) << tensor.error().message;
    EXPECT_EQ(floats(*tensor), floats(ramp({5, 7}))) << name;
  }
}

TEST(hdf5, soft_links_are_left_out) {
  Writer writer;
  writer.data("x", ramp({1})).soft_link("/x", "y");
  const std::string bytes = writer.bytes();
  EXPECT_THAT(File::open(as_bytes(bytes), nullptr)->data_sets(""), ElementsAre("x"));
}

// ---- refusals

std::string refusal(const std::string& bytes) {
  const auto file = File::open(as_bytes(bytes), nullptr);
  return file ? "it is accepted" : file.error().message;
}

TEST(hdf5_refuses, another_format) { EXPECT_THAT(refusal("PK\x03\x04 no"), HasSubstr("not an HDF5 file")); }

TEST(hdf5_refuses, groups_in_a_circle) {
  Writer writer;
  writer.group("a").hard_link("/a", "a/again");
  EXPECT_THAT(refusal(writer.bytes()), HasSubstr("in a circle"));
}

TEST(hdf5_refuses, dense_groups_by_name) {
  Writer writer(true);
  for (int i = 0; i < 40; ++i) writer.data(fmt::format("x{}", i), ramp({1}));
  EXPECT_THAT(refusal(writer.bytes()), HasSubstr("dense links; save the file without libver"));
}

TEST(hdf5_refuses, an_unknown_data_set) {
  Writer writer;
  writer.data("x", ramp({1}));
  EXPECT_THAT(read(writer.bytes(), "y").error().message, HasSubstr("data set 'y' is not in the file"));
}

TEST(hdf5_refuses, files_cut_off_anywhere) {
  Writer writer;
  writer.data("g/x", ramp({100})).text("", "t", "some text");
  const std::string bytes = writer.bytes();
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(File::open(as_bytes(std::string_view(bytes).substr(0, size)), nullptr)) << size;
}

TEST(hdf5, the_corpus_is_read) {
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(bmnet::test::source_file("src/frontend/hdf5/corpus"))) {
    const std::string bytes = read_text(entry.path()).value_or("");
    const auto file = File::open(as_bytes(bytes), nullptr);
    ASSERT_TRUE(file) << entry.path() << ": " << file.error().message;
    for (const std::string& path : file->data_sets("")) EXPECT_TRUE(file->read(path)) << path;
    ++files;
  }
  EXPECT_GE(files, 3u);
}

// Every byte flipped, and a few hundred random changes: a value or a message, never a crash.
TEST(hdf5_refuses, damage_with_one_message) {
  Writer writer;
  writer.data("g/x", ramp({9})).data("g/y", ramp({6, 6}), {.chunk = {4, 4}, .deflate = 6, .shuffle = true});
  writer.text("", "t", "some text");
  const std::string bytes = writer.bytes();
  const auto use = [](const std::string& damaged) {
    const auto file = File::open(as_bytes(damaged), nullptr);
    if (!file) return;
    (void)file->text_attribute("", "t");
    for (const std::string& path : file->data_sets("")) (void)file->read(path);
  };
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(~damaged[i]);
    use(damaged);
  }
  std::mt19937 random(5);
  for (int round = 0; round < 500; ++round) {
    std::string damaged = bytes;
    for (int changes = 0; changes < 4; ++changes) damaged[random() % damaged.size()] = static_cast<char>(random() % 16);
    use(damaged);
  }
}

}  // namespace
}  // namespace bmnet::frontend::hdf5::test
