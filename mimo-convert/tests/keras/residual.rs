// Converted from residual.config.json by `mimo convert`.

use mimo::prelude::*;

model! {
    pub Residual {
        fn block(x, filters, name) {
            let conv2d = Conv2D(filters, 3, padding = same, use_bias = false, name = "{name}_conv1")(x);
            let batch_normalization = BatchNormalization(name = "{name}_bn1")(conv2d);
            let activation = Activation(relu, name = "{name}_relu")(batch_normalization);
            let conv2d_2 = Conv2D(filters, 3, padding = same, use_bias = false, name = "{name}_conv2")(activation);
            Add(name = "{name}_add")([x, conv2d_2])
        }

        let image = Input(shape = [8, 8, 3]);
        let stem = Conv2D(4, 3, padding = same, name = "stem")(image);
        for name in ["stage1_block0", "stage1_block1", "stage2_block0", "stage2_block1"] {
            let stem = block(stem, 4, name);
        }
        let widen3 = Conv2D(6, 1, name = "widen3")(stem);
        let stage3_block0_add = block(widen3, 6, "stage3_block0");
        let stage3_block1_add = block(stage3_block0_add, 6, "stage3_block1");
        let pool: [6] = GlobalAveragePooling2D(name = "pool")(stage3_block1_add);
        let kind = Dense(2)(pool);

        Model(inputs = [image], outputs = [kind])
    }
}
