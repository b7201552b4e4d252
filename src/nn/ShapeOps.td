// Data movement. Axes are non-negative.
include "nn/Nn.td"

def Nn_ConstantOp : Op<Nn_Dialect, "constant", [Pure, ConstantLike]> {
  let summary = "a tensor known at compile time; weights are dense_resource blobs";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = "attr-dict `:` type($output)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Nn_ReshapeOp : Nn_Op<"reshape"> {
  let summary = "the same elements under another shape";
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$shape);
  let results = (outs Nn_Tensor:$output);
}

def Nn_TransposeOp : Nn_Op<"transpose"> {
  let summary = "axis i of the result is axis permutation[i] of the input";
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Nn_Tensor:$output);
}

def Nn_ConcatOp : Nn_Op<"concat"> {
  let summary = "concatenation along an axis";
  let arguments = (ins Variadic<Nn_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Nn_Tensor:$output);
}

def Nn_SliceOp : Nn_Op<"slice"> {
  let summary = "sizes[i] elements of every axis from starts[i] in steps[i] (negative: backwards)";
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$starts, DenseI64ArrayAttr:$sizes, DenseI64ArrayAttr:$steps);
  let results = (outs Nn_Tensor:$output);
}

def Nn_PadOp : Nn_Op<"pad"> {
  let summary = "padding; mode: constant, reflect, edge, wrap";
  let description = [{ pads lists all begins, then all ends, for every axis; negative values crop. }];
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$pads, DefaultValuedStrAttr<StrAttr, "constant">:$mode, DefaultValuedAttr<F32Attr, "0.0f">:$value);
  let results = (outs Nn_Tensor:$output);
}

def Nn_BroadcastToOp : Nn_Op<"broadcast_to"> {
  let summary = "numpy.broadcast_to";
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$shape);
  let results = (outs Nn_Tensor:$output);
}

def Nn_TileOp : Nn_Op<"tile"> {
  let summary = "repeats[i] copies along axis i";
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$repeats);
  let results = (outs Nn_Tensor:$output);
}

def Nn_GatherOp : Nn_Op<"gather"> {
  let summary = "slices of `axis` chosen by indices (negative ones count from the end)";
  let description = [{ result shape = input.shape[:axis] + indices.shape + input.shape[axis+1:]. }];
  let arguments = (ins Nn_Tensor:$input, Nn_Tensor:$indices, I64Attr:$axis);
  let results = (outs Nn_Tensor:$output);
}

def Nn_GatherElementsOp : Nn_Op<"gather_elements"> {
  let summary = "out[i][j][k] = input[index[i][j][k]][j][k] (axis 0), likewise for other axes";
  let arguments = (ins Nn_Tensor:$input, Nn_Tensor:$indices, I64Attr:$axis);
  let results = (outs Nn_Tensor:$output);
}

def Nn_GatherNdOp : Nn_Op<"gather_nd"> {
  let summary = "slices chosen by index vectors (the last axis of indices)";
  let arguments = (ins Nn_Tensor:$input, Nn_Tensor:$indices, DefaultValuedAttr<I64Attr, "0">:$batch_dims);
  let results = (outs Nn_Tensor:$output);
}

def Nn_ScatterNdOp : Nn_Op<"scatter_nd"> {
  let summary = "a copy of input with slices at index vectors replaced by updates; reduction: none, add, mul, max, min";
  let arguments = (ins Nn_Tensor:$input, Nn_Tensor:$indices, Nn_Tensor:$updates, DefaultValuedStrAttr<StrAttr, "none">:$reduction);
  let results = (outs Nn_Tensor:$output);
}

def Nn_ScatterElementsOp : Nn_Op<"scatter_elements"> {
  let summary = "a copy of input with elements along `axis` replaced by updates; reduction as in scatter_nd";
  let arguments = (ins Nn_Tensor:$input, Nn_Tensor:$indices, Nn_Tensor:$updates, I64Attr:$axis, DefaultValuedStrAttr<StrAttr, "none">:$reduction);
  let results = (outs Nn_Tensor:$output);
}

def Nn_OneHotOp : Nn_Op<"one_hot"> {
  let summary = "on_value at the index (negative: from the end), off_value elsewhere; the new axis of size depth stands at `axis`";
  let arguments = (ins Nn_Tensor:$indices, I64Attr:$depth, I64Attr:$axis, F32Attr:$on_value, F32Attr:$off_value, DefaultValuedStrAttr<StrAttr, "f32">:$to);
  let results = (outs Nn_Tensor:$output);
}

def Nn_DepthToSpaceOp : Nn_Op<"depth_to_space"> {
  let summary = "blocks of channels become block x block pixels; mode DCR (depth first) or CRD";
  let arguments = (ins Nn_Tensor:$input, I64Attr:$block, DefaultValuedStrAttr<StrAttr, "DCR">:$mode);
  let results = (outs Nn_Tensor:$output);
}

def Nn_SpaceToDepthOp : Nn_Op<"space_to_depth"> {
  let summary = "block x block pixels become channels: channel = (by*block + bx)*C + c";
  let arguments = (ins Nn_Tensor:$input, I64Attr:$block);
  let results = (outs Nn_Tensor:$output);
}

def Nn_ReverseOp : Nn_Op<"reverse"> {
  let summary = "elements in opposite order along `axes`";
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$axes);
  let results = (outs Nn_Tensor:$output);
}

def Nn_ResizeOp : Nn_Op<"resize"> {
  let summary = "resampling of every axis from 2 on to `sizes`";
  let description = [{
    mode: nearest, linear, cubic. coordinates: half_pixel, pytorch_half_pixel, asymmetric, align_corners,
    tf_half_pixel_for_nn, half_pixel_symmetric, tf_crop_and_resize is refused. nearest_mode: floor, ceil,
    round_prefer_floor, round_prefer_ceil. scales (one per spatial axis, output/input as the model states it) may differ from sizes/input; where empty they are computed.
    cubic_coeff a, exclude_outside as in ONNX.
  }];
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$sizes, StrAttr:$mode, DefaultValuedStrAttr<StrAttr, "half_pixel">:$coordinates,
    DefaultValuedStrAttr<StrAttr, "round_prefer_floor">:$nearest_mode, DefaultValuedAttr<DenseF32ArrayAttr, "{}">:$scales,
    DefaultValuedAttr<F32Attr, "-0.75f">:$cubic_coeff, DefaultValuedAttr<BoolAttr, "false">:$exclude_outside);
  let results = (outs Nn_Tensor:$output);
}

def Nn_GridSampleOp : Nn_Op<"grid_sample"> {
  let summary = "values at computed places; grid [N,out…,A]: x, y(, z) from -1 to 1 for each of the A = 2 or 3 spatial axes";
  let description = [{
    mode: nearest (half to even), linear, cubic (a = -0.75). padding, outside of the map: zeros, border, reflection. With
    align_corners -1 and 1 are the centres of the outermost elements, else their outer edges. As in PyTorch and ONNX.
  }];
  let arguments = (ins Nn_Tensor:$input, Nn_Tensor:$grid, DefaultValuedStrAttr<StrAttr, "linear">:$mode,
    DefaultValuedStrAttr<StrAttr, "zeros">:$padding, DefaultValuedAttr<BoolAttr, "false">:$align_corners);
  let results = (outs Nn_Tensor:$output);
}

def Nn_DeformGatherOp : Nn_Op<"deform_gather"> {
  let summary = "the values that a deformable convolution multiplies, its windows side by side: [N,C,OH*KH,OW*KW]";
  let description = [{
    input [N,C,H,W]; offset [N,2*offset_groups*KH*KW,OH,OW]: y, then x, for every tap of the window; mask
    [N,offset_groups*KH*KW,OH,OW] optional. A conv of that kernel, in strides of the kernel and without padding, over the
    result is the deformable convolution. Between elements linear; outside of the map 0.
  }];
  let arguments = (ins Nn_Tensor:$input, Nn_Tensor:$offset, Optional<Nn_Tensor>:$mask, DenseI64ArrayAttr:$kernel,
    DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, DefaultValuedAttr<I64Attr, "1">:$offset_groups);
  let results = (outs Nn_Tensor:$output);
}
