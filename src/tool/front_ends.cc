#include "tool/front_ends.h"

#include <algorithm>
#include <array>
#include <fstream>

#include "frontend/caffe/import.h"
#include "frontend/darknet/import.h"
#include "frontend/mxnet/import.h"
#include "frontend/onnx/import.h"
#include "frontend/paddle/import.h"
#include "frontend/pytorch/import.h"
#include "frontend/tensorflow/import.h"
#include "frontend/umodel/import.h"

namespace bmnet::tool {
namespace {

constexpr size_t kSniffBytes = 4096;

std::string first_bytes(const std::filesystem::path& path) {
  std::string bytes(kSniffBytes, '\0');
  std::ifstream stream(path, std::ios::binary);
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
  return bytes;
}

// An ONNX file is a protobuf of the fields 1..8, 14, 20 and 25; ir_version (field 1, varint) comes first in practice.
bool looks_like_onnx(const std::filesystem::path& model) {
  if (model.extension() == ".onnx") return true;
  const std::string head = first_bytes(model);
  return head.size() > 2 && head[0] == 0x08 && head[1] > 0 && head[1] < 32 &&
         (head[2] == 0x12 || head[2] == 0x3A || head[2] == 0x42);
}

bool looks_like_caffe(const std::filesystem::path& model) {
  const std::string head = first_bytes(model);
  const bool text = std::none_of(head.begin(), head.end(), [](char c) { return c == '\0'; });
  return text && (model.extension() == ".prototxt" || head.find("layer {") != std::string::npos ||
                  head.find("layers {") != std::string::npos || head.find("input_dim:") != std::string::npos);
}

Result<nn::Model> import_onnx_flags(const CompileFlags& flags, const frontend::ImportOptions& options) {
  if (!flags.weight.empty()) return user_error("an ONNX model has its weights inside: --weight does not apply");
  return frontend::import_onnx(flags.model, options);
}

Result<nn::Model> import_caffe_flags(const CompileFlags& flags, const frontend::ImportOptions& options) {
  return frontend::import_caffe(flags.model, flags.weight, options);
}

bool looks_like_darknet(const std::filesystem::path& model) {
  const std::string head = first_bytes(model);
  return head.find("[net]") != std::string::npos || head.find("[network]") != std::string::npos;
}

Result<nn::Model> import_darknet_flags(const CompileFlags& flags, const frontend::ImportOptions& options) {
  return frontend::import_darknet(flags.model, flags.weight, options, {.decode = flags.decode});
}

bool looks_like_pytorch(const std::filesystem::path& model) {
  return first_bytes(model).starts_with("PK") && frontend::is_torchscript(model);
}

Result<nn::Model> import_pytorch_flags(const CompileFlags& flags, const frontend::ImportOptions& options) {
  if (!flags.weight.empty()) return user_error("a TorchScript archive has its weights inside: --weight does not apply");
  return frontend::import_pytorch(flags.model, options);
}

bool looks_like_mxnet(const std::filesystem::path& model) {
  const std::string head = first_bytes(model);
  const size_t start = head.find_first_not_of(" \t\r\n");
  return start != std::string::npos && head[start] == '{' && head.find("\"nodes\"") != std::string::npos &&
         head.find("\"op\"") != std::string::npos;
}

Result<nn::Model> import_mxnet_flags(const CompileFlags& flags, const frontend::ImportOptions& options) {
  return frontend::import_mxnet(flags.model, flags.weight, options);
}

bool looks_like_paddle(const std::filesystem::path& model) { return !frontend::find_paddle_program(model).empty(); }

Result<nn::Model> import_paddle_flags(const CompileFlags& flags, const frontend::ImportOptions& options) {
  return frontend::import_paddle(flags.model, flags.weight, options);
}

bool looks_like_tensorflow(const std::filesystem::path& model) {
  if (std::filesystem::is_directory(model)) return std::filesystem::exists(model / "saved_model.pb");
  return frontend::looks_like_tensorflow(as_bytes(first_bytes(model)));
}

Result<nn::Model> import_tensorflow_flags(const CompileFlags& flags, const frontend::ImportOptions& options) {
  if (!flags.weight.empty()) return user_error("a TensorFlow model has its weights inside: --weight does not apply");
  return frontend::import_tensorflow(flags.model, options);
}

// As the original's bmnetu, whose parameter file is the UModel: --weight FILE alone will do.
Result<nn::Model> import_umodel_flags(const CompileFlags& flags, const frontend::ImportOptions& options) {
  if (!flags.weight.empty() && flags.weight != flags.model)
    return user_error("a UModel is one file: --model FILE.fp32umodel without --weight");
  return frontend::import_umodel(flags.model, options);
}

// Paddle is asked before TensorFlow: their programs begin alike, and its are known by name. TensorFlow is asked before
// ONNX: a SavedModel begins like an ONNX file, and only the former looks further.
constexpr std::array kFrontEnds = {
    FrontEnd{"bmnetu", "UModel",
             "Example:\n  bmneto --model=net.onnx --mode=GenUmodel --outdir=umodel && bmnetu "
             "--model=umodel/net_bmneto.fp32umodel --outdir=out",
             false, frontend::is_umodel, import_umodel_flags, frontend::list_umodel_ops},
    FrontEnd{"bmnetc", "Caffe", "Example:\n  bmnetc --model=deploy.prototxt --weight=net.caffemodel --outdir=out",
             false, looks_like_caffe, import_caffe_flags, frontend::list_caffe_ops},
    FrontEnd{"bmnetd", "Darknet", "Example:\n  bmnetd --model=yolov3.cfg --weight=yolov3.weights --outdir=out", true,
             looks_like_darknet, import_darknet_flags, frontend::list_darknet_ops},
    FrontEnd{"bmnetm", "MXNet",
             "Example:\n  bmnetm --model=net-symbol.json --weight=net-0000.params --shapes=[1,3,224,224] --outdir=out",
             true, looks_like_mxnet, import_mxnet_flags, frontend::list_mxnet_ops},
    FrontEnd{"bmpaddle", "Paddle",
             "Examples:\n  bmpaddle --model=inference.pdmodel --weight=inference.pdiparams --outdir=out\n  bmpaddle "
             "--model=folder_with___model__ --shapes=[1,3,224,224] --outdir=out",
             true, looks_like_paddle, import_paddle_flags, frontend::list_paddle_ops},
    FrontEnd{
        "bmnett", "TensorFlow",
        "Examples:\n  bmnett --model=frozen.pb --shapes=[1,224,224,3] --outdir=out\n  bmnett --model=saved_model_dir "
        "--shapes=[1,224,224,3]\n  bmnett --model=keras.h5",
        true, looks_like_tensorflow, import_tensorflow_flags, frontend::list_tensorflow_ops},
    FrontEnd{"bmneto", "ONNX",
             "Examples:\n  bmneto --model=net.onnx --outdir=out\n  bmneto --model=net.onnx --shapes=[1,3,224,224] "
             "--input_names=data",
             true, looks_like_onnx, import_onnx_flags, frontend::list_onnx_ops},
    FrontEnd{"bmnetp", "PyTorch", "Example:\n  bmnetp --model=traced.pt --shapes=[1,3,224,224] --outdir=out", true,
             looks_like_pytorch, import_pytorch_flags, frontend::list_pytorch_ops},
};

}  // namespace

std::span<const FrontEnd> front_ends() { return kFrontEnds; }

const FrontEnd* front_end_of_program(std::string_view program) {
  for (const FrontEnd& front_end : kFrontEnds)
    if (front_end.program == program) return &front_end;
  return nullptr;
}

Result<const FrontEnd*> recognize(const std::filesystem::path& model) {
  if (model.empty()) return user_error("no model given: name its file, or its folder where the model is several files");
  if (!std::filesystem::exists(model)) return user_error("{}: no such file", model.string());
  std::string known;
  for (const FrontEnd& front_end : kFrontEnds) {
    if (front_end.recognizes(model)) return &front_end;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", front_end.framework);
  }
  if (std::filesystem::is_directory(model))
    return user_error("{}: the folder is not a model of several files; name the file. Known formats: {}",
                      model.string(), known);
  return user_error("{}: not recognised as a model; known formats: {}", model.string(), known);
}

Result<nn::Model> import_model(const FrontEnd& front_end, const CompileFlags& flags, frontend::Survey* survey) {
  if (flags.model.empty()) return user_error("no model given: --model FILE");
  if (!std::filesystem::exists(flags.model)) return user_error("{}: no such file", flags.model);
  if (!flags.weight.empty() && !std::filesystem::exists(flags.weight))
    return user_error("{}: no such file", flags.weight);
  frontend::ImportOptions options;
  options.input_names = parse_names(flags.input_names);
  options.output_names = parse_names(flags.output_names);
  options.net_name = flags.net_name;
  options.fixed_inputs = flags.fixed_inputs;
  options.survey = survey;
  if (flags.random_weights) options.random_weights = flags.seed;
  if (flags.max_n > 0) options.batch = flags.max_n;
  if (!flags.shapes.empty()) {
    auto shapes = frontend::parse_shapes(flags.shapes);
    if (!shapes) return with_context("--shapes", std::move(shapes).error());
    options.shapes = *std::move(shapes);
  }
  return front_end.import(flags, options);
}

}  // namespace bmnet::tool
