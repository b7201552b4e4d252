#include "frontend/caffe/upgrade.h"

#include <array>
#include <string_view>

namespace bmnet::caffe {
namespace {

using V1 = proto::V1LayerParameter;
using proto::LayerParameter;

struct TypeName {
  std::string_view v0;  // empty: V0 had no such layer
  V1::LayerType v1;
  const char* v2;
};

constexpr std::array kTypes = std::to_array<TypeName>({
    {"", V1::ABSVAL, "AbsVal"},
    {"accuracy", V1::ACCURACY, "Accuracy"},
    {"", V1::ARGMAX, "ArgMax"},
    {"bnll", V1::BNLL, "BNLL"},
    {"concat", V1::CONCAT, "Concat"},
    {"", V1::CONTRASTIVE_LOSS, "ContrastiveLoss"},
    {"conv", V1::CONVOLUTION, "Convolution"},
    {"data", V1::DATA, "Data"},
    {"", V1::DECONVOLUTION, "Deconvolution"},
    {"dropout", V1::DROPOUT, "Dropout"},
    {"", V1::DUMMY_DATA, "DummyData"},
    {"", V1::ELTWISE, "Eltwise"},
    {"euclidean_loss", V1::EUCLIDEAN_LOSS, "EuclideanLoss"},
    {"", V1::EXP, "Exp"},
    {"flatten", V1::FLATTEN, "Flatten"},
    {"hdf5_data", V1::HDF5_DATA, "HDF5Data"},
    {"hdf5_output", V1::HDF5_OUTPUT, "HDF5Output"},
    {"", V1::HINGE_LOSS, "HingeLoss"},
    {"im2col", V1::IM2COL, "Im2col"},
    {"images", V1::IMAGE_DATA, "ImageData"},
    {"infogain_loss", V1::INFOGAIN_LOSS, "InfogainLoss"},
    {"innerproduct", V1::INNER_PRODUCT, "InnerProduct"},
    {"lrn", V1::LRN, "LRN"},
    {"", V1::MEMORY_DATA, "MemoryData"},
    {"multinomial_logistic_loss", V1::MULTINOMIAL_LOGISTIC_LOSS, "MultinomialLogisticLoss"},
    {"", V1::MVN, "MVN"},
    {"padding", V1::NONE, "Padding"},
    {"pool", V1::POOLING, "Pooling"},
    {"", V1::POWER, "Power"},
    {"relu", V1::RELU, "ReLU"},
    {"sigmoid", V1::SIGMOID, "Sigmoid"},
    {"", V1::SIGMOID_CROSS_ENTROPY_LOSS, "SigmoidCrossEntropyLoss"},
    {"", V1::SILENCE, "Silence"},
    {"", V1::SLICE, "Slice"},
    {"softmax", V1::SOFTMAX, "Softmax"},
    {"softmax_loss", V1::SOFTMAX_LOSS, "SoftmaxWithLoss"},
    {"split", V1::SPLIT, "Split"},
    {"tanh", V1::TANH, "TanH"},
    {"", V1::THRESHOLD, "Threshold"},
    {"window_data", V1::WINDOW_DATA, "WindowData"},
});

const TypeName* find_v0(std::string_view type) {
  for (const TypeName& row : kTypes)
    if (!type.empty() && row.v0 == type) return &row;
  return nullptr;
}

const TypeName* find_v1(V1::LayerType type) {
  for (const TypeName& row : kTypes)
    if (type != V1::NONE && row.v1 == type) return &row;
  return nullptr;
}

// Every `…_param` message has the same name and type in both generations.
void copy_parameters(const V1& old, LayerParameter& layer) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  old.GetReflection()->ListFields(old, &fields);
  for (const auto* field : fields) {
    const auto* target = LayerParameter::descriptor()->FindFieldByName(field->name());
    if (field->is_repeated() || !target || target->message_type() == nullptr ||
        target->message_type() != field->message_type())
      continue;
    layer.GetReflection()->MutableMessage(&layer, target)->CopyFrom(old.GetReflection()->GetMessage(old, field));
  }
}

void copy_v0_windows(const proto::V0LayerParameter& old, LayerParameter& layer) {
  if (layer.type() == "Convolution" || layer.type() == "Padding") {
    auto& conv = *layer.mutable_convolution_param();
    if (old.has_num_output()) conv.set_num_output(old.num_output());
    conv.set_bias_term(old.biasterm());
    conv.add_pad(old.pad());
    if (old.has_kernelsize()) conv.add_kernel_size(old.kernelsize());
    conv.set_group(old.group());
    conv.add_stride(old.stride());
  } else if (layer.type() == "Pooling") {
    auto& pool = *layer.mutable_pooling_param();
    pool.set_pool(static_cast<proto::PoolingParameter::PoolMethod>(old.pool()));
    if (old.has_kernelsize()) pool.set_kernel_size(old.kernelsize());
    pool.set_stride(old.stride());
    pool.set_pad(old.pad());
  }
}

void copy_v0_fields(const proto::V0LayerParameter& old, LayerParameter& layer) {
  copy_v0_windows(old, layer);
  if (layer.type() == "InnerProduct") {
    if (old.has_num_output()) layer.mutable_inner_product_param()->set_num_output(old.num_output());
    layer.mutable_inner_product_param()->set_bias_term(old.biasterm());
  } else if (layer.type() == "LRN") {
    auto& lrn = *layer.mutable_lrn_param();
    lrn.set_local_size(old.local_size());
    lrn.set_alpha(old.alpha());
    lrn.set_beta(old.beta());
    lrn.set_k(old.k());
  } else if (layer.type() == "Concat") {
    layer.mutable_concat_param()->set_concat_dim(old.concat_dim());
  } else if (layer.type() == "Dropout") {
    layer.mutable_dropout_param()->set_dropout_ratio(old.dropout_ratio());
  } else if (layer.type() == "Data") {
    layer.mutable_data_param()->set_batch_size(old.batchsize());
    layer.mutable_transform_param()->set_crop_size(old.cropsize());
  }
}

}  // namespace

Result<LayerParameter> upgrade_layer(const V1& old) {
  LayerParameter layer;
  const bool is_v0 = old.has_layer();
  const TypeName* type = is_v0 ? find_v0(old.layer().type()) : find_v1(old.type());
  layer.set_name(is_v0 ? old.layer().name() : old.name());
  if (!type && is_v0)
    return user_error("layer '{}': '{}' is no layer type of the oldest format", layer.name(), old.layer().type());
  if (!type) return user_error("layer '{}' has no type", layer.name());
  layer.set_type(type->v2);
  *layer.mutable_bottom() = old.bottom();
  *layer.mutable_top() = old.top();
  *layer.mutable_include() = old.include();
  *layer.mutable_exclude() = old.exclude();
  for (const std::string& name : old.param()) layer.add_param()->set_name(name);
  copy_parameters(old, layer);
  if (is_v0) copy_v0_fields(old.layer(), layer);
  return layer;
}

Status upgrade_inputs(proto::NetParameter& net) {
  const int inputs = net.input_size();
  if (net.input_shape_size() > 0 && net.input_dim_size() > 0)
    return user_error("both input_shape and input_dim; one of them is enough");
  if (net.input_shape_size() > 0 && net.input_shape_size() != inputs) {
    return user_error("{} input_shape for {} input; one each is needed", net.input_shape_size(), inputs);
  }
  if (net.input_dim_size() > 0 && net.input_dim_size() != 4 * inputs) {
    return user_error("{} input_dim for {} input; four each are needed (batch, channels, height, width)",
                      net.input_dim_size(), inputs);
  }
  google::protobuf::RepeatedPtrField<LayerParameter> layers;
  for (int i = 0; i < inputs; ++i) {
    LayerParameter& layer = *layers.Add();
    layer.set_name(net.input(i));
    layer.set_type("Input");
    layer.add_top(net.input(i));
    if (net.input_shape_size() > 0) *layer.mutable_input_param()->add_shape() = net.input_shape(i);
    if (net.input_dim_size() > 0) {
      proto::BlobShape& shape = *layer.mutable_input_param()->add_shape();
      for (int axis = 0; axis < 4; ++axis) shape.add_dim(net.input_dim(4 * i + axis));
    }
  }
  layers.MergeFrom(net.layer());
  net.mutable_layer()->Swap(&layers);
  net.clear_input();
  net.clear_input_dim();
  net.clear_input_shape();
  return {};
}

}  // namespace bmnet::caffe
