// Replays the fuzz target on pictures made here, whole and damaged. For a longer hunt, write them to a folder and give
// it to the fuzzer:
//   BMNET_CORPUS=corpus build/bin/bmnet_image_test --gtest_filter=image_fuzz.*
//   build-fuzz/bin/image_fuzz corpus
#include "image/image_fuzz.cc"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "base/file.h"
#include "image/testing.h"

// The fuzzer's own, which only the target links.
extern "C" size_t LLVMFuzzerMutate(uint8_t*, size_t size, size_t) { return size; }

namespace bmnet {
namespace {

using testing::HasSubstr;

std::vector<std::string> corpus() {
  std::vector<uint8_t> pixels(4 * 9 * 10);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 37);
  return {test::png_file(pixels, 9, 10, PNG_FORMAT_RGB),
          test::png_file(pixels, 9, 10, PNG_FORMAT_GRAY),
          test::png_file(pixels, 9, 10, PNG_FORMAT_RGBA),
          test::jpeg_file(pixels, 9, 10, 3),
          test::jpeg_file(pixels, 9, 10, 1),
          test::jpeg_file(pixels, 9, 10, 3, /*progressive=*/true)};
}

void replay(const std::string& file) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(file.data()), file.size());
}

TEST(image_fuzz, decodes_its_corpus) {
  size_t number = 0;
  for (const std::string& file : corpus()) {
    const auto image = decode_image(as_bytes(file), "seed");
    EXPECT_TRUE(image) << image.error().message;
    replay(file);
    if (const char* folder = std::getenv("BMNET_CORPUS"))
      ASSERT_TRUE(write_file_atomically(std::filesystem::path(folder) / fmt::format("picture{}", number++), file));
  }
}

TEST(image_fuzz, survives_mutated_bytes) {
  std::mt19937 random(7);
  for (const std::string& file : corpus())
    for (int i = 0; i < 500; ++i) {
      std::string mutant = file;
      for (uint32_t changes = 1 + random() % 3; changes > 0; --changes)
        mutant[random() % mutant.size()] = static_cast<char>(random());
      if (random() % 8 == 0) mutant.resize(random() % mutant.size());
      if (random() % 4) right_checksums(reinterpret_cast<uint8_t*>(mutant.data()), mutant.size());
      replay(mutant);
    }
}

std::string refusal(const std::string& file) {
  const auto image = decode_image(as_bytes(file), "bomb");
  return image ? "decoded" : image.error().message;
}

// Its header promises 4 thousand million pixels.
TEST(hostile_picture, png_bomb_is_refused_before_memory_is_taken) {
  std::string file = test::png_file(std::vector<uint8_t>(300), 10, 10, PNG_FORMAT_RGB);
  file.replace(16, 8, std::string("\0\0\xff\xff\0\0\xff\xff", 8));  // width and height
  right_checksums(reinterpret_cast<uint8_t*>(file.data()), file.size());
  EXPECT_EQ(refusal(file), "bomb: 65535 x 65535 pixels are too many");
}

TEST(hostile_picture, png_with_fewer_rows_than_told_is_refused) {
  std::string file = test::png_file(std::vector<uint8_t>(300), 10, 10, PNG_FORMAT_RGB);
  file[22] = 1;  // 266 rows
  right_checksums(reinterpret_cast<uint8_t*>(file.data()), file.size());
  EXPECT_THAT(refusal(file), HasSubstr("bomb: a damaged PNG file"));
}

// Scans are cheap in bytes and dear in time: the last one again and again.
TEST(hostile_picture, jpeg_of_endless_scans_is_refused) {
  const std::string file = test::jpeg_file(std::vector<uint8_t>(3 * 64 * 64, 77), 64, 64, 3, /*progressive=*/true);
  const size_t last = file.rfind("\xff\xda"), end = file.rfind("\xff\xd9");
  std::string bomb = file.substr(0, last);
  for (int i = 0; i < 1000; ++i) bomb += file.substr(last, end - last);
  EXPECT_EQ(refusal(file), "decoded");
  EXPECT_EQ(refusal(bomb + file.substr(end)), "bomb: a JPEG file that cannot be read: it has more than 200 scans");
}

}  // namespace
}  // namespace bmnet
