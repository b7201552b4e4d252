#include <csetjmp>
#include <cstdio>
// jpeglib.h needs <cstdio> before it.
#include <jerror.h>
#include <jpeglib.h>

#include <string>

#include "image/decode.h"

namespace bmnet::image {
namespace {

// libjpeg reports errors by a callback that must not return; it jumps back into decode_into, whose frame holds nothing
// with a destructor.
struct ErrorHandler {
  jpeg_error_mgr base;
  std::jmp_buf out;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void fail(j_common_ptr codec) {
  auto* handler = reinterpret_cast<ErrorHandler*>(codec->err);
  codec->err->format_message(codec, handler->message);
  std::longjmp(handler->out, 1);
}

// Warnings that mean missing pixels are errors here; harmless ones pass silently.
void on_message(j_common_ptr codec, int level) {
  const int code = codec->err->msg_code;
  if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE)) fail(codec);
}

// Every scan of a progressive file passes over the whole picture, however few bytes it has.
constexpr int kMaxScans = 200;

void on_progress(j_common_ptr codec) {
  if (!codec->is_decompressor) return;
  if (reinterpret_cast<j_decompress_ptr>(codec)->input_scan_number <= kMaxScans) return;
  std::snprintf(reinterpret_cast<ErrorHandler*>(codec->err)->message, JMSG_LENGTH_MAX, "it has more than %d scans",
                kMaxScans);
  std::longjmp(reinterpret_cast<ErrorHandler*>(codec->err)->out, 1);
}

// Reads the header and checks the size, then decodes. False: `handler.message` says why.
bool decode_into(Image& image, jpeg_decompress_struct& codec, ErrorHandler& handler, Bytes content,
                 int64_t max_pixels) {
  if (setjmp(handler.out)) return false;
  jpeg_mem_src(&codec, content.data(), content.size());
  jpeg_read_header(&codec, TRUE);
  if (int64_t{codec.image_height} * codec.image_width > max_pixels) {
    std::snprintf(handler.message, sizeof handler.message, "%u x %u pixels are too many", codec.image_width,
                  codec.image_height);
    return false;
  }
  codec.out_color_space = JCS_RGB;
  codec.dct_method = JDCT_ISLOW;
  jpeg_start_decompress(&codec);
  image.height = codec.output_height;
  image.width = codec.output_width;
  image.pixels.resize(static_cast<size_t>(image.height * image.width * 3));
  while (codec.output_scanline < codec.output_height) {
    JSAMPROW row = image.pixels.data() + static_cast<size_t>(codec.output_scanline) * image.width * 3;
    jpeg_read_scanlines(&codec, &row, 1);
  }
  jpeg_finish_decompress(&codec);
  return true;
}

}  // namespace

Result<Image> decode_jpeg(Bytes content, std::string_view what, int64_t max_pixels) {
  ErrorHandler handler = {};
  jpeg_decompress_struct codec = {};
  codec.err = jpeg_std_error(&handler.base);
  handler.base.error_exit = fail;
  handler.base.emit_message = on_message;
  jpeg_create_decompress(&codec);
  jpeg_progress_mgr progress = {};
  progress.progress_monitor = on_progress;
  codec.progress = &progress;
  Image image;
  const bool good = decode_into(image, codec, handler, content, max_pixels);
  jpeg_destroy_decompress(&codec);
  if (!good) return user_error("{}: a JPEG file that cannot be read: {}", what, handler.message);
  return image;
}

}  // namespace bmnet::image
