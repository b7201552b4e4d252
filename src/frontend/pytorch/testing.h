// For tests: tiny TorchScript archives written in place, and their evaluation.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "base/npz.h"
#include "base/testing.h"
#include "frontend/pytorch/import.h"
#include "op/interpreter.h"

namespace bmnet::frontend::pytorch::test {

struct ZipEntry {
  std::string name, content;
  bool deflate = false;
  uint32_t claimed_size = 0;  // 0: the true one
};

template <typename T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

inline std::string deflated(const std::string& text) {
  std::string packed(compressBound(text.size()) + 64, '\0');
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

inline std::string zip(const std::vector<ZipEntry>& entries) {
  std::string file, directory;
  for (const ZipEntry& entry : entries) {
    const std::string packed = entry.deflate ? deflated(entry.content) : entry.content;
    const auto offset = static_cast<uint32_t>(file.size());
    std::string common;  // from the needed version to the length of the extra data
    put<uint16_t>(common, 20), put<uint16_t>(common, 0), put<uint16_t>(common, entry.deflate ? 8 : 0);
    put<uint32_t>(common, 0);
    put(common, static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(entry.content.data()),
                                            static_cast<uInt>(entry.content.size()))));
    put(common, static_cast<uint32_t>(packed.size()));
    put(common, entry.claimed_size ? entry.claimed_size : static_cast<uint32_t>(entry.content.size()));
    put(common, static_cast<uint16_t>(entry.name.size())), put<uint16_t>(common, 0);
    put<uint32_t>(file, 0x04034b50), file += common + entry.name + packed;
    put<uint32_t>(directory, 0x02014b50), put<uint16_t>(directory, 20), directory += common;
    put<uint16_t>(directory, 0), put<uint16_t>(directory, 0), put<uint16_t>(directory, 0), put<uint32_t>(directory, 0);
    put(directory, offset), directory += entry.name;
  }
  const auto start = static_cast<uint32_t>(file.size());
  file += directory;
  put<uint32_t>(file, 0x06054b50), put<uint32_t>(file, 0);
  put(file, static_cast<uint16_t>(entries.size())), put(file, static_cast<uint16_t>(entries.size()));
  put(file, static_cast<uint32_t>(directory.size())), put(file, start), put<uint16_t>(file, 0);
  return file;
}

inline const std::string kEmptyModule(
    "\x80\x02"
    "c__torch__\nM\n)\x81}b.");
inline const std::string kEmptyTuple("\x80\x02).", 4);

// A module without attributes whose forward has these parameters ("x: Tensor") and these lines.
inline std::string module(const std::string& parameters, const std::vector<std::string>& lines,
                          const std::string& more_code = "") {
  std::string code =
      "class M(Module):\n  __parameters__ = []\n  def forward(self: __torch__.M,\n    " + parameters + ") -> Tensor:\n";
  for (const std::string& line : lines) code += "    " + line + "\n";
  return zip(
      {{"m/data.pkl", kEmptyModule}, {"m/code/__torch__.py", code + more_code}, {"m/constants.pkl", kEmptyTuple}});
}

inline ImportOptions with_shapes(const std::vector<Shape>& shapes) {
  ImportOptions options;
  for (const Shape& shape : shapes) options.shapes.push_back({"", shape});
  return options;
}

inline Result<nn::Model> import_bytes(const std::string& archive, const std::vector<Shape>& shapes) {
  return import_pytorch(as_bytes(archive), nullptr, "net.pt", with_shapes(shapes));
}

inline std::string refusal(const std::string& archive, const std::vector<Shape>& shapes = {{2}}) {
  const auto model = import_bytes(archive, shapes);
  return model ? "it is not refused" : model.error().message;
}

// All outputs for these inputs, by position; a failed test when something is refused.
inline std::vector<Tensor> run(const std::string& archive, const std::vector<Tensor>& inputs) {
  std::vector<Shape> shapes;
  for (const Tensor& input : inputs) shapes.push_back(input.shape());
  auto result = [&]() -> Result<std::vector<Tensor>> {
    BMNET_ASSIGN(const nn::Model model, import_bytes(archive, shapes));
    BMNET_ASSIGN(const op::Graph graph, model.to_graph());
    std::vector<NamedTensor> named;
    for (size_t i = 0; i < graph.inputs.size(); ++i)
      named.push_back({graph.values[graph.inputs[i]].name, inputs.at(i)});
    return op::interpret(graph, named);
  }();
  if (!result) {
    ADD_FAILURE() << result.error().message;
    return std::vector<Tensor>(8, Tensor({DType::kF32, {0}}));
  }
  return *std::move(result);
}

inline Tensor floats(Shape shape, std::vector<float> values) {
  return Tensor::of<float>(std::move(shape), std::span<const float>(values));
}
inline std::vector<float> values(const Tensor& tensor) {
  if (tensor.dtype() != DType::kF32) return {};
  return {tensor.data<float>().begin(), tensor.data<float>().end()};
}

}  // namespace bmnet::frontend::pytorch::test
