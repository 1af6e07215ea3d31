//! Layers over sequences and images, and `Dot`, against Keras's numbers.

#[path = "support/layers.rs"]
mod layers;
mod support;

use layers::layers;

layers! { "pooling.json":
    max_2d: "MaxPooling2D 2,None,valid", Max2d, Max2dInputs, Max2dTargets, [a => x: 40] {
        let x = Reshape([5, 4, 2])(x);
        let y = MaxPooling2D(2)(x);
    }
    max_2d_over_the_edge: "MaxPooling2D 2,None,same", Max2dOverTheEdge, Max2dOverTheEdgeInputs, Max2dOverTheEdgeTargets, [a => x: 40] {
        let x = Reshape([5, 4, 2])(x);
        let y = MaxPooling2D(padding = same)(x);
    }
    max_2d_overlapping: "MaxPooling2D 3,2,same", Max2dOverlapping, Max2dOverlappingInputs, Max2dOverlappingTargets, [a => x: 40] {
        let x = Reshape([5, 4, 2])(x);
        let y = MaxPooling2D(3, strides = 2, padding = "same")(x);
    }
    max_2d_of_every_pixel: "MaxPooling2D 3,1,same", Max2dOfEveryPixel, Max2dOfEveryPixelInputs, Max2dOfEveryPixelTargets, [a => x: 40] {
        let x = Reshape([5, 4, 2])(x);
        let y = MaxPooling2D((3, 3), (1, 1), same)(x);
    }
    average_2d: "AveragePooling2D 2,None,valid", Average2d, Average2dInputs, Average2dTargets, [a => x: 40] {
        let x = Reshape([5, 4, 2])(x);
        let y = AveragePooling2D(2)(x);
    }
    average_2d_over_the_edge: "AveragePooling2D 2,None,same", Average2dOverTheEdge, Average2dOverTheEdgeInputs, Average2dOverTheEdgeTargets, [a => x: 40] {
        let x = Reshape([5, 4, 2])(x);
        let y = AveragePooling2D(2, padding = same)(x);
    }
    average_2d_overlapping: "AveragePooling2D 3,2,same", Average2dOverlapping, Average2dOverlappingInputs, Average2dOverlappingTargets, [a => x: 40] {
        let x = Reshape([5, 4, 2])(x);
        let y = AveragePooling2D(3, strides = 2, padding = same)(x);
    }
    average_2d_of_every_pixel: "AveragePooling2D 3,1,same", Average2dOfEveryPixel, Average2dOfEveryPixelInputs, Average2dOfEveryPixelTargets, [a => x: 40] {
        let x = Reshape([5, 4, 2])(x);
        let y = AveragePooling2D(3, strides = 1, padding = same)(x);
    }
    max_1d: "MaxPooling1D 2 same", Max1d, Max1dInputs, Max1dTargets, [a => x: 10] {
        let x = Reshape([5, 2])(x);
        let y = MaxPooling1D(2, padding = same)(x);
    }
    average_1d: "AveragePooling1D 2 same", Average1d, Average1dInputs, Average1dTargets, [a => x: 10] {
        let x = Reshape([5, 2])(x);
        let y = AveragePooling1D(2, padding = same)(x);
    }
    global_average_1d: "GlobalAveragePooling1D", GlobalAverage1d, GlobalAverage1dInputs, GlobalAverage1dTargets, [a => x: 12] {
        let x = Reshape([4, 3])(x);
        let y = GlobalAveragePooling1D()(x);
    }
    global_max_1d: "GlobalMaxPooling1D", GlobalMax1d, GlobalMax1dInputs, GlobalMax1dTargets, [a => x: 12] {
        let x = Reshape([4, 3])(x);
        let y = GlobalMaxPooling1D()(x);
    }
    global_average_2d: "GlobalAveragePooling2D", GlobalAverage2d, GlobalAverage2dInputs, GlobalAverage2dTargets, [a => x: 12] {
        let x = Reshape([2, 3, 2])(x);
        let y = GlobalAveragePooling2D()(x);
    }
    global_max_2d: "GlobalMaxPooling2D", GlobalMax2d, GlobalMax2dInputs, GlobalMax2dTargets, [a => x: 12] {
        let x = Reshape([2, 3, 2])(x);
        let y = GlobalMaxPooling2D()(x);
    }
    zero_padding_2d: "zeropad2d", ZeroPadding2d, ZeroPadding2dInputs, ZeroPadding2dTargets, [a => x: 4] {
        let x = Reshape([2, 2, 1])(x);
        let y = ZeroPadding2D(((1, 0), (0, 2)))(x);
    }
    cropping_2d: "crop2d", Cropping2d, Cropping2dInputs, Cropping2dTargets, [a => x: 9] {
        let x = Reshape([3, 3, 1])(x);
        let y = Cropping2D(((1, 0), (0, 1)))(x);
    }
    up_sampling_1d: "up1d", UpSampling1d, UpSampling1dInputs, UpSampling1dTargets, [a => x: 6] {
        let x = Reshape([3, 2])(x);
        let y = UpSampling1D(2)(x);
    }
    up_sampling_2d: "up2d nearest", UpSampling2d, UpSampling2dInputs, UpSampling2dTargets, [a => x: 4] {
        let x = Reshape([2, 2, 1])(x);
        let y = UpSampling2D((2, 3))(x);
    }
    up_sampling_2d_bilinear: "up2d bilinear", UpSampling2dBilinear, UpSampling2dBilinearInputs, UpSampling2dBilinearTargets, [a => x: 6] {
        let x = Reshape([2, 3, 1])(x);
        let y = UpSampling2D(interpolation = bilinear)(x);
    }
    dot: "dot", DotCase, DotCaseInputs, DotCaseTargets, [a => x: 3, b => z: 3] {
        let y = Dot(axes = 1)([x, z]);
    }
    dot_of_cosines: "dot norm", DotOfCosines, DotOfCosinesInputs, DotOfCosinesTargets, [a => x: 3, b => z: 3] {
        let y = dot([x, z], axes = 1, normalize = true);
    }
    dot_of_sequences: "dot axes2", DotOfSequences, DotOfSequencesInputs, DotOfSequencesTargets, [a => x: 6, b => z: 12] {
        let x = Reshape([2, 3])(x);
        let z = Reshape([4, 3])(z);
        let y = Dot(axes = (2, -1))([x, z]);
    }
}
