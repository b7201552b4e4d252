#include "image/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "image/testing.h"

namespace bmnet {
namespace {

using test::jpeg_file;
using test::png_file;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

// Two pixels: red, blue.
const Image kRedBlue{1, 2, {255, 0, 0, 0, 0, 255}};

std::string error_of(std::string_view file) {
  const auto image = decode_image(as_bytes(file), "a.png");
  return image ? "decoded" : image.error().message;
}

TEST(decode, png_keeps_every_pixel) {
  const auto image = decode_image(as_bytes(png_file(kRedBlue.pixels, 1, 2, PNG_FORMAT_RGB)), "a.png");
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->height, 1);
  EXPECT_EQ(image->width, 2);
  EXPECT_EQ(image->pixels, kRedBlue.pixels);
}

TEST(decode, png_of_one_channel_or_with_transparency) {
  const auto grey = decode_image(as_bytes(png_file({7, 9}, 1, 2, PNG_FORMAT_GRAY)), "a.png");
  EXPECT_THAT(grey->pixels, ElementsAre(7, 7, 7, 9, 9, 9));
  const auto clear = decode_image(as_bytes(png_file({10, 20, 30, 0}, 1, 1, PNG_FORMAT_RGBA)), "a.png");
  EXPECT_THAT(clear->pixels, ElementsAre(10, 20, 30));
}

TEST(decode, jpeg_comes_close) {
  const std::vector<uint8_t> orange = [] {
    std::vector<uint8_t> pixels;
    for (int i = 0; i < 256; ++i) pixels.insert(pixels.end(), {250, 130, 20});
    return pixels;
  }();
  const auto image = decode_image(as_bytes(jpeg_file(orange, 16, 16, 3)), "a.jpg");
  ASSERT_TRUE(image) << image.error().message;
  ASSERT_EQ(image->pixels.size(), orange.size());
  for (size_t i = 0; i < orange.size(); ++i) EXPECT_NEAR(image->pixels[i], orange[i], 3);
}

TEST(decode, jpeg_of_one_channel) {
  const auto image = decode_image(as_bytes(jpeg_file(std::vector<uint8_t>(64, 100), 8, 8, 1)), "a.jpg");
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_THAT(image->pixels, Each(100));
}

TEST(decode, refuses_other_formats) {
  EXPECT_EQ(error_of("GIF89a"), "a.png: neither JPEG nor PNG; convert the picture to one of them");
  EXPECT_EQ(error_of(""), "a.png: neither JPEG nor PNG; convert the picture to one of them");
}

TEST(decode, refuses_cut_off_files) {
  const std::string png = png_file(std::vector<uint8_t>(300, 50), 10, 10, PNG_FORMAT_RGB);
  const std::string jpeg = jpeg_file(std::vector<uint8_t>(3 * 64 * 64, 77), 64, 64, 3);
  EXPECT_THAT(error_of(png.substr(0, png.size() / 2)), HasSubstr("a.png: a damaged PNG file"));
  EXPECT_THAT(error_of(jpeg.substr(0, jpeg.size() / 2)), HasSubstr("a.png: a JPEG file that cannot be read"));
  EXPECT_THAT(error_of(jpeg.substr(0, jpeg.size() - 8)), HasSubstr("cannot be read"));
}

TEST(decode, refuses_pictures_too_large) {
  std::string jpeg = jpeg_file(std::vector<uint8_t>(64, 100), 8, 8, 1);
  const size_t frame = jpeg.find("\xff\xc0");
  jpeg.replace(frame + 5, 4, "\xff\x00\xff\x00", 4);  // height and width of the frame header
  EXPECT_THAT(error_of(jpeg), HasSubstr("65280 x 65280 pixels are too many"));
}

TEST(resize, interpolates_between_pixel_centres) {
  const Image wide = resize(kRedBlue, 1, 4);
  EXPECT_THAT(wide.pixels, ElementsAre(255, 0, 0, 191, 0, 64, 64, 0, 191, 0, 0, 255));
  EXPECT_THAT(resize(kRedBlue, 1, 1).pixels, ElementsAre(128, 0, 128));
  EXPECT_THAT(resize(kRedBlue, 2, 2).pixels, ElementsAre(255, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0, 255));
}

TEST(centre_crop, takes_the_middle) {
  const Image row{1, 4, {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}};
  EXPECT_THAT(centre_crop(row, 1, 2).pixels, ElementsAre(2, 2, 2, 3, 3, 3));
}

std::vector<float> values(const Tensor& tensor) { return {tensor.data<float>().begin(), tensor.data<float>().end()}; }

TEST(to_tensor, puts_channels_first) {
  const auto tensor = to_tensor(kRedBlue, 3);
  EXPECT_EQ(tensor->shape(), (Shape{1, 3, 1, 2}));
  EXPECT_THAT(values(*tensor), ElementsAre(255, 0, 0, 0, 0, 255));
}

TEST(to_tensor, subtracts_scales_and_turns_the_channels_round) {
  const auto tensor = to_tensor(kRedBlue, 3, {.bgr = true, .mean = {1, 2, 3}, .scale = {0.5}});
  EXPECT_THAT(values(*tensor), ElementsAre(-0.5, 127, -1, -1, 126, -1.5));
}

TEST(to_tensor, gives_brightness_to_one_channel) {
  const auto tensor = to_tensor(Image{1, 1, {100, 200, 50}}, 1);
  EXPECT_THAT(values(*tensor), ElementsAre(testing::FloatNear(153, 1e-3f)));
}

TEST(to_tensor, refuses_what_does_not_fit) {
  EXPECT_THAT(to_tensor(kRedBlue, 4).error().message, HasSubstr("the network wants 4"));
  EXPECT_THAT(to_tensor(kRedBlue, 3, {.mean = {1, 2}}).error().message, HasSubstr("mean has 2 values"));
}

}  // namespace
}  // namespace bmnet
