// Detection heads and regions of interest, recurrent layers.
include "nn/Nn.td"

def Nn_PriorBoxOp : Nn_Op<"prior_box"> {
  let summary = "SSD anchor boxes of a feature map, [1,2,H*W*priors*4]: boxes, then variances; a function of shapes alone";
  let description = [{
    feature [N,C,H,W], image [N,C,IH,IW]. As in Caffe-SSD: min_sizes, max_sizes (none, or as many), aspect_ratios (already
    completed by flip; ratios of 1 add nothing), clip, variance (1 or 4), step_h/step_w (0: image/feature), offset. Boxes of
    a place: for each min size its square, the square of sqrt(min*max), then the other ratios. Sizes are used as given: Caffe
    itself cuts them to integers, which is the front end's affair.
  }];
  let arguments = (ins Nn_Tensor:$feature, Nn_Tensor:$image, DenseF32ArrayAttr:$min_sizes, DenseF32ArrayAttr:$max_sizes, DenseF32ArrayAttr:$aspect_ratios,
    BoolAttr:$clip, DenseF32ArrayAttr:$variance, F32Attr:$step_h, F32Attr:$step_w, F32Attr:$offset);
  let results = (outs Nn_Tensor:$output);
}

def Nn_DetectionOutputOp : Nn_Op<"detection_output"> {
  let summary = "SSD decoding and non-maximum suppression, [1,1,keep_top_k*N,7]: image, label, score, xmin, ymin, xmax, ymax";
  let description = [{
    location [N, priors*4 (x classes unless share_location)], confidence [N, priors*classes], prior [1 or N,2,priors*4]. As in
    Caffe-SSD; the rows of an image stand by class, best first, those of equal score by prior; rows of all images follow
    each other without gaps. Missing rows are filled with image -1 and zeros at the end (so the shape stays static; keep_top_k must be
    positive). code_type: corner, center_size, corner_size.
  }];
  let arguments = (ins Nn_Tensor:$location, Nn_Tensor:$confidence, Nn_Tensor:$prior, I64Attr:$num_classes, BoolAttr:$share_location,
    I64Attr:$background_label, F32Attr:$nms_threshold, I64Attr:$nms_top_k, F32Attr:$eta, StrAttr:$code_type,
    BoolAttr:$variance_encoded_in_target, I64Attr:$keep_top_k, F32Attr:$confidence_threshold);
  let results = (outs Nn_Tensor:$output);
}

def Nn_RoiPoolOp : Nn_Op<"roi_pool"> {
  let summary = "max pooling of regions; rois [R,5]: image index, x1, y1, x2, y2";
  let arguments = (ins Nn_Tensor:$input, Nn_Tensor:$rois, I64Attr:$pooled_h, I64Attr:$pooled_w, F32Attr:$spatial_scale);
  let results = (outs Nn_Tensor:$output);
}

def Nn_RoiAlignOp : Nn_Op<"roi_align"> {
  let summary = "bilinear pooling of regions; rois [R,4], batch_indices [R] (i64); mode avg or max; aligned: half-pixel shift";
  let arguments = (ins Nn_Tensor:$input, Nn_Tensor:$rois, Nn_Tensor:$batch_indices, I64Attr:$pooled_h, I64Attr:$pooled_w, F32Attr:$spatial_scale,
    I64Attr:$sampling_ratio, StrAttr:$mode, BoolAttr:$aligned);
  let results = (outs Nn_Tensor:$output);
}

def Nn_NonMaxSuppressionOp : Nn_Op<"non_max_suppression"> {
  let summary = "ONNX NonMaxSuppression with a fixed number of rows, [max_rows,3] i64 (image, class, box); missing rows are -1, rows beyond are cut off; scores must exceed score_threshold (none: -inf)";
  let arguments = (ins Nn_Tensor:$boxes, Nn_Tensor:$scores, I64Attr:$max_per_class, F32Attr:$iou_threshold, F32Attr:$score_threshold,
    BoolAttr:$center_point_box, I64Attr:$max_rows);
  let results = (outs Nn_Tensor:$output);
}

def Nn_RnnOp : Nn_Op<"rnn"> {
  let summary = "recurrent layer: kind lstm, gru, rnn_tanh, rnn_relu; one layer, both directions";
  let description = [{
    input [T,N,I]; weight [D,G*H,I], recurrence [D,G*H,H], bias [D,2*G*H] (input part, recurrent part), initial_h [D,N,H],
    initial_c [D,N,H] (lstm; else a zero tensor of that shape). Gate order as in ONNX: lstm i,o,f,c; gru z,r,h. direction: forward,
    reverse, bidirectional (D = 2). linear_before_reset for gru. Results: y [T,D,N,H], y_h [D,N,H], y_c [D,N,H].
  }];
  let arguments = (ins Nn_Tensor:$input, Nn_Tensor:$weight, Nn_Tensor:$recurrence, Nn_Tensor:$bias, Nn_Tensor:$initial_h, Nn_Tensor:$initial_c,
    StrAttr:$kind, StrAttr:$direction, DefaultValuedAttr<BoolAttr, "false">:$linear_before_reset, DefaultValuedAttr<F32Attr, "0.0f">:$clip);
  let results = (outs Nn_Tensor:$y, Nn_Tensor:$y_h, Nn_Tensor:$y_c);
}
