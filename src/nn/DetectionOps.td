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
  let summary = "max pooling of regions; rois [R,5]: image index (-1: no region, gives 0), x1, y1, x2, y2";
  let arguments = (ins Nn_Tensor:$input, Nn_Tensor:$rois, I64Attr:$pooled_h, I64Attr:$pooled_w, F32Attr:$spatial_scale);
  let results = (outs Nn_Tensor:$output);
}

def Nn_PsroiPoolOp : Nn_Op<"psroi_pool"> {
  let summary = "position-sensitive average pooling of regions; rois [R,5]: image index, x1, y1, x2, y2";
  let description = [{
    input [N, output_channels*pooled_h*pooled_w, H, W]: bin (i,j) of result channel c averages channel (c*pooled_h+i)*pooled_w+j.
    Region edges are round(x1)*spatial_scale and (round(x2)+1)*spatial_scale, sides at least 0.1; an empty bin gives 0.
  }];
  let arguments = (ins Nn_Tensor:$input, Nn_Tensor:$rois, I64Attr:$output_channels, I64Attr:$pooled_h, I64Attr:$pooled_w,
    F32Attr:$spatial_scale);
  let results = (outs Nn_Tensor:$output);
}

def Nn_RoiAlignOp : Nn_Op<"roi_align"> {
  let summary = "bilinear pooling of regions; rois [R,4], batch_indices [R] (i64; -1: no region, gives 0); mode avg or max; aligned: half-pixel shift";
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

def Nn_MulticlassNmsOp : Nn_Op<"multiclass_nms"> {
  let summary = "non-maximum suppression class by class; rows of label, score, x1, y1, x2, y2";
  let description = [{
    boxes [N,M,4] (corners), scores [N,C,M]. Of every class but background_label the nms_top_k (below 0: all) best boxes above
    score_threshold are taken; one that overlaps a better one by more than nms_threshold is dropped (the threshold shrinks by eta after
    each box kept, while above one half); the keep_top_k best of all classes stay. pixel_edges: edges are pixels that belong to the box.
    Results: rows [N*keep_top_k,6], image by image without gaps, by class, best first; indices [N*keep_top_k] (i64, n*M + box); counts [N]
    (i64, rows of an image). Missing rows at the end have label and index -1 and zeros.
  }];
  let arguments = (ins Nn_Tensor:$boxes, Nn_Tensor:$scores, I64Attr:$background_label, F32Attr:$score_threshold, I64Attr:$nms_top_k,
    F32Attr:$nms_threshold, DefaultValuedAttr<F32Attr, "1.0f">:$eta, I64Attr:$keep_top_k, DefaultValuedAttr<BoolAttr, "false">:$pixel_edges);
  let results = (outs Nn_Tensor:$rows, Nn_Tensor:$indices, Nn_Tensor:$counts);
}

def Nn_MatrixNmsOp : Nn_Op<"matrix_nms"> {
  let summary = "soft suppression: scores decay by the overlap with better boxes of the class";
  let description = [{
    Operands and results as in multiclass_nms, rows of an image best first. The score of box i is multiplied by the least
    f(overlap(i,j), m_j) over better boxes j, m_j the largest overlap of j with its betters; f(o,m) = (1-o)/(1-m), or
    exp((m*m-o*o)*sigma) when gaussian. Boxes whose score is then not above post_threshold are dropped.
  }];
  let arguments = (ins Nn_Tensor:$boxes, Nn_Tensor:$scores, I64Attr:$background_label, F32Attr:$score_threshold, I64Attr:$nms_top_k,
    F32Attr:$post_threshold, I64Attr:$keep_top_k, BoolAttr:$gaussian, F32Attr:$sigma, DefaultValuedAttr<BoolAttr, "false">:$pixel_edges);
  let results = (outs Nn_Tensor:$rows, Nn_Tensor:$indices, Nn_Tensor:$counts);
}

def Nn_BoxNmsOp : Nn_Op<"box_nms"> {
  let summary = "non-maximum suppression of the rows of a table; kept rows come first, best first, the rest is -1";
  let description = [{
    input [B,M,W]; a row holds its score in column score_index, its corners from coord_start on (center_point_box: centre and size),
    its class in id_index (-1: none). Rows whose score is above valid_threshold and whose class is not background_id take part, at most
    top_k (below 1: all). A row is dropped when it overlaps a better one of its class (of any, when force_suppress) by more than
    overlap_threshold.
  }];
  let arguments = (ins Nn_Tensor:$input, F32Attr:$overlap_threshold, F32Attr:$valid_threshold, I64Attr:$top_k, I64Attr:$coord_start,
    I64Attr:$score_index, I64Attr:$id_index, I64Attr:$background_id, BoolAttr:$force_suppress, DefaultValuedAttr<BoolAttr, "false">:$center_point_box);
  let results = (outs Nn_Tensor:$output);
}

def Nn_MultiboxDetectionOp : Nn_Op<"multibox_detection"> {
  let summary = "decoding and suppression of SSD heads with one class per anchor; rows of class, score, x1, y1, x2, y2";
  let description = [{
    probability [B,C,A] (class 0 is the background), location [B,A*4], anchor [1,A,4] (corners). An anchor takes its best class (numbered
    from 0 without the background) when that reaches threshold; its box is decoded by centre and size with `variances` (4), cut to
    [0,1] when clip. Result [B,A,6], best first; rows that overlap a better one of the class (of any, when force_suppress) by nms_threshold or
    more, and those behind the top_k best (below 1: all), keep their place with class -1; unused rows are -1. An nms_threshold outside
    (0,1] leaves the rows in the anchors' order, unsuppressed.
  }];
  let arguments = (ins Nn_Tensor:$probability, Nn_Tensor:$location, Nn_Tensor:$anchor, BoolAttr:$clip, F32Attr:$threshold,
    F32Attr:$nms_threshold, BoolAttr:$force_suppress, DenseF32ArrayAttr:$variances, I64Attr:$top_k);
  let results = (outs Nn_Tensor:$output);
}

def Nn_ProposalOp : Nn_Op<"proposal"> {
  let summary = "regions of a region proposal network: decoding, cutting to the image, suppression";
  let description = [{
    scores [N,A,H,W] (of the foreground), deltas [N,4A,H,W] (channel a*4+k: dx, dy, dw, dh), info [N,2 or 3] (height, width, scale of the image;
    scale 1 where it is missing), anchors [H,W,A,4] (corners). Boxes are decoded by centre and size, with edges that are pixels
    (sides x2-x1+1) unless pixel_edges is false, and cut to the image. `convention`:
    caffe: centre x1 + w/2, far edge centre + w/2; boxes with a side below min_size*scale are dropped, then the pre_nms best are taken.
    mxnet: centre x1 + (w-1)/2, far edge centre + (w-1)/2, or delta added to the edges when `direct`; boxes at places behind
    floor(info / feature_stride) get score -1, small ones too and are widened by min_size*scale/2 on every side; the rows of an image
    are filled up by repeating its boxes.
    paddle: centre x1 + w/2, far edge centre + w/2 - 1, dw and dh at most log(1000/16); the pre_nms best are taken, then boxes whose sides
    (divided by scale when scale_min_size) lie below max(min_size,1) or whose centre lies outside are dropped; no box at all gives one of zeros.
    pre_nms 0: all. Suppression as in multiclass_nms. Results: rois [N*post_nms,5] (image, x1, y1, x2, y2), scores [N*post_nms],
    counts [N] (i64). Rows of images follow each other without gaps; missing rows at the end have image -1 and zeros.
  }];
  let arguments = (ins Nn_Tensor:$scores, Nn_Tensor:$deltas, Nn_Tensor:$info, Nn_Tensor:$anchors, StrAttr:$convention, I64Attr:$pre_nms,
    I64Attr:$post_nms, F32Attr:$nms_threshold, F32Attr:$min_size, DefaultValuedAttr<F32Attr, "1.0f">:$eta,
    DefaultValuedAttr<F32Attr, "16.0f">:$feature_stride, DefaultValuedAttr<BoolAttr, "false">:$direct,
    DefaultValuedAttr<BoolAttr, "true">:$pixel_edges, DefaultValuedAttr<BoolAttr, "false">:$scale_min_size);
  let results = (outs Nn_Tensor:$rois, Nn_Tensor:$region_scores, Nn_Tensor:$counts);
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
