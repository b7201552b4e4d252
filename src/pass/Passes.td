// The passes over the nn graph, in the order in which optimize() runs them (pass/optimize.h).
include "mlir/Pass/PassBase.td"

class BmnetPass<string name> : Pass<name, "::mlir::func::FuncOp"> {
  let dependentDialects = ["::bmnet::nn::NnDialect"];
}

def FoldConstants : BmnetPass<"bmnet-fold-constants"> {
  let summary = "evaluate calls whose operands are all constants";
  let description = [{
    Uses the reference kernels of src/op. A result that is much larger than its operands (a broadcast weight) stays a call.
  }];
}

def Canonicalize : BmnetPass<"bmnet-canonicalize"> {
  let summary = "one form for each meaning; no-ops disappear";
  let description = [{
    Removes reshapes, transposes, slices, pads, casts, resizes … that change nothing; joins neighbouring reshapes and
    transposes; writes x - c as x + (-c), x / c as x * (1/c), constant powers as square, sqrt, reciprocal; moves zero padding
    into the convolution behind it; a product and a sum with per-channel constants become one batch_norm.
  }];
}

def FuseAffine : BmnetPass<"bmnet-fuse-affine"> {
  let summary = "fold per-channel scales and offsets into the weights of the convolution or matrix product before them";
  let description = [{
    batch_norm, and mul or add with a constant that has one value per output channel. The producer must have no other use.
    New weights are computed in double precision and rounded once.
  }];
}

def Decompose : BmnetPass<"bmnet-decompose"> {
  let summary = "write compound operators in terms of those that the chip has a form for";
  let description = [{
    layer_norm, group_norm, lp_normalize, log softmax, compound reductions, einsum, depth_to_space, space_to_depth,
    squared_difference, reverse, and 1-D convolution and pooling (as 2-D of height 1).
  }];
}
