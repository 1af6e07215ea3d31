//! Codes of all diagnostics. A code is the key of a section in `docs/errors.md`, and a warning is allowed by it.
//!
//! A code stands for one rule, not for one wording and not for one layer. Numbers are never reused for another rule.
//! Families: E01 syntax, E02 names and arguments, E03 shapes, E04 recurrent layers and wrappers, E05 inputs and
//! outputs, E06 losses, metrics and optimizers, E07 constants, E08 functions, loops and nested models.

use std::fmt;

/// Declares the enum, its names and its titles from one list.
macro_rules! codes {
    (errors { $($error:ident $number:literal $what:literal,)* } lints { $($lint:ident $name:literal $when:literal,)* }) => {
        /// Code of a diagnostic. [`Display`](fmt::Display) prints `mimo::E0201` or, for a lint,
        /// `mimo::unused_tensor`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $what] $error,)*
            $(#[doc = $when] $lint,)*
        }

        impl Code {
            /// Every code: errors by number, then lints by name.
            pub const ALL: &[Code] = &[$(Code::$error,)* $(Code::$lint,)*];

            /// The code without `mimo::`: `E0201`, `unused_tensor`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Code::$error => $number,)*
                    $(Code::$lint => $name,)*
                }
            }

            /// The rule's title, in a few words: `unknown layer`.
            pub fn title(self) -> &'static str {
                match self {
                    $(Code::$error => $what,)*
                    $(Code::$lint => $when,)*
                }
            }

            /// Whether this is a warning, which `#[allow(mimo::…)]` silences.
            pub fn is_lint(self) -> bool {
                matches!(self, $(Code::$lint)|*)
            }
        }
    };
}

codes! {
    errors {
        InvalidVisibility "E0101" "invalid visibility",
        KeywordBeforeName "E0102" "keyword before the model's name",
        MissingModelName "E0103" "missing name of the model",
        MissingBlock "E0104" "missing block of the model",
        GenericModel "E0105" "generic model",
        TokensBeforeBlock "E0106" "unexpected tokens before the block",
        TokensAfterModel "E0107" "unexpected tokens after the model",
        InvalidCratePath "E0108" "invalid path of mimo",
        InvalidAttribute "E0109" "invalid attribute",
        UnsupportedLintLevel "E0110" "unsupported lint level",
        TooLarge "E0111" "too long or too deeply nested",
        MissingSemicolon "E0112" "missing semicolon",
        MissingModel "E0113" "missing `Model(…)`",
        ReturnInModel "E0114" "`return` in a model",
        SecondModel "E0115" "second `Model(…)`",
        StatementAfterModel "E0116" "statement after `Model(…)`",
        ConditionalStatement "E0117" "conditional statement",
        VisibleStatement "E0118" "visibility of a statement",
        IncompleteConst "E0119" "incomplete constant",
        MutableBinding "E0120" "mutable binding",
        IncompleteLet "E0121" "incomplete binding",
        KeywordAsName "E0122" "keyword as a name",
        InvalidShape "E0123" "invalid shape",
        BoundModel "E0124" "model bound to a name",
        MissingLet "E0125" "missing `let`",
        UnsupportedMethod "E0126" "method that a description does not have",
        MissingParentheses "E0127" "missing parentheses",
        CompiledTwice "E0128" "model compiled twice",
        UnboundResult "E0129" "result that is not bound",
        NotAStatement "E0130" "not a statement of a model",
        MissingValue "E0131" "missing value",
        InvalidExpression "E0132" "invalid expression",
        UnexpectedToken "E0133" "unexpected token",
        PythonConstant "E0134" "`True`, `False` or `None`",
        PythonModule "E0135" "prefix of a Python module",
        PythonExpression "E0136" "expression of Python",
        NumberTooLarge "E0137" "number too large",
        MissingComma "E0138" "missing comma",
        ExtraComma "E0139" "comma without a value",
        InvalidMapEntry "E0140" "invalid entry of a map",
        ColonInArgument "E0141" "colon in an argument",
        MissingEquals "E0142" "missing `=`",
        MissingBrackets "E0143" "list or map without its brackets",

        UnknownLayer "E0201" "unknown layer",
        UnavailableLayer "E0202" "layer that mimo does not have",
        UnknownName "E0203" "unknown name",
        UsedBeforeBound "E0204" "used before it is bound",
        ConstantAsTensor "E0205" "constant in place of a tensor",
        LayerWithoutSettings "E0206" "layer without its settings",
        TensorCalled "E0207" "call of a tensor",
        LayerAsTensor "E0208" "layer in place of a tensor",
        TensorInSettings "E0209" "tensor among the settings",
        NotATensor "E0210" "not a tensor",
        ModelAsLayer "E0212" "model in place of a layer",
        TensorsNotInAList "E0213" "tensors that are not in one list",
        NoTensorGiven "E0214" "call without a tensor",
        TrainingInCall "E0215" "`training` in a call",
        SettingInCall "E0216" "setting in a call",
        SettingCalledTwice "E0217" "setting called twice",
        WrongNumberOfTensors "E0218" "wrong number of tensors",
        WrongNumberOfNames "E0219" "wrong number of names",
        SeveralTensors "E0220" "several tensors in place of one",
        UnknownArgument "E0221" "unknown argument",
        MissingArgument "E0222" "missing argument",
        ArgumentGivenTwice "E0223" "argument given twice",
        TooManyArguments "E0224" "too many arguments",
        PositionalAfterKeyword "E0225" "positional argument after a keyword argument",
        WrongValue "E0226" "value of the wrong kind",
        ValueOutOfRange "E0227" "value out of range",
        UnavailableSetting "E0228" "setting that mimo does not have",
        UnknownActivation "E0229" "unknown activation",
        UnknownInitializer "E0230" "unknown initializer",
        UnknownRegularizer "E0231" "unknown regularizer",
        UnknownConstraint "E0232" "unknown constraint",
        BoundsReversed "E0233" "lower bound above the upper",
        InitializerRank "E0234" "initializer that does not fit the weight",
        ConstraintAxis "E0235" "constraint over an axis that the weight does not have",
        UnusableLayerName "E0236" "unusable name of a layer",
        LayerNameTaken "E0237" "name of a layer that is taken",
        ReservedName "E0238" "name that generated code needs",
        RegularizerRank "E0239" "regularizer that does not fit the weight",
        StatementAsTensor "E0240" "statement in place of a tensor",

        AscribedShape "E0301" "another shape than the one written",
        ShapeOfNoTensor "E0302" "shape of something that is not one tensor",
        WrongRank "E0303" "wrong number of axes",
        FloatsNeeded "E0304" "integers in place of floats",
        WholeNumbersNeeded "E0305" "floats in place of integers",
        MixedDtypes "E0306" "floats joined with integers",
        SharedLayerShape "E0307" "shared layer on another shape",
        UnequalShapes "E0308" "unequal shapes",
        ConcatenatedShapes "E0309" "shapes that cannot be concatenated",
        BatchAxis "E0310" "axis of the batch",
        AxisOutOfRange "E0311" "axis that does not exist",
        DotLengths "E0312" "axes of different lengths in a product",
        PermutedAxes "E0313" "order that is not one of all axes",
        ReshapedSize "E0314" "reshaped to another number of values",
        OpenAxes "E0315" "two axes of unknown length in `Reshape`",
        UnknownLength "E0316" "axis of unknown length",
        WindowTooLarge "E0317" "window larger than what it slides over",
        StridesAndDilation "E0318" "strides together with dilation",
        OutputPadding "E0319" "output padding that is not below the strides",
        NothingLeft "E0320" "nothing left of an axis",
        UnequalGroups "E0321" "groups of unequal size",
        TooManyValues "E0322" "more weights or values than a machine holds",
        IndexOutOfRange "E0323" "index that an axis does not have",
        LossPerSample "E0324" "loss that is not one number per sample",
        MaskShape "E0325" "mask of the wrong shape",

        NoState "E0401" "layer without a state",
        WrongNumberOfStates "E0402" "wrong number of states",
        StateShape "E0403" "state of the wrong shape",
        InitialStateInSettings "E0404" "argument of calls among the settings",
        StepActivation "E0405" "activation that a step cannot have",
        SameDirection "E0406" "two layers that read in the same direction",
        DirectionsDiffer "E0407" "two directions that differ",
        NotRecurrent "E0408" "layer that cannot read from both ends",
        MergedUnits "E0409" "directions of different size that are merged",
        SettingOfTheWrapper "E0410" "setting of the wrapper at the wrapped layer",
        NotForSteps "E0411" "layer that cannot be called step by step",
        NoKernel "E0412" "layer without a kernel to normalize",

        MissingPorts "E0501" "missing inputs or outputs",
        NoPorts "E0502" "no input or no output",
        UnnamedPort "E0503" "input or output without a name",
        ModelNamedTwice "E0504" "second name of the model",
        ComputedInput "E0505" "computed tensor in place of an input",
        UnusablePortName "E0506" "unusable name of an input or output",
        PortNameTaken "E0507" "two inputs or two outputs of one name",
        ListedTwice "E0508" "tensor listed twice",
        LossOfInput "E0509" "loss of an input",
        InputNotGiven "E0510" "input that `Model` is not given",
        InputNotNeeded "E0511" "input that no output needs",

        UnknownLoss "E0601" "unknown loss",
        UnknownMetric "E0602" "unknown metric",
        UnknownOptimizer "E0603" "unknown optimizer",
        MissingLoss "E0604" "missing loss",
        NothingToTrain "E0605" "nothing to train",
        EntriesPerOutput "E0606" "wrong number of entries for the outputs",
        OutputGivenTwice "E0607" "output given twice",
        UnknownOutput "E0608" "unknown output",
        SoftmaxOfOneUnit "E0609" "softmax over one unit",
        OneClass "E0610" "classes of one unit",
        LossNeedsLogits "E0611" "loss of logits on probabilities",
        LossNeedsProbabilities "E0612" "loss that does not fit the activation",
        MetricTargets "E0613" "metric that reads other targets than the output has",
        UnusableMetricName "E0614" "unusable name of a metric",
        LogNameTaken "E0615" "two values of one name in the logs",
        SeveralClips "E0617" "several ways to clip gradients",
        NumbersPerUnit "E0618" "numbers that are not one per unit",
        NoSuchClass "E0619" "class that the output does not have",
        UnknownOptimizerKey "E0620" "optimizer of something that the model does not have",
        OptimizerWithoutWeights "E0621" "optimizer without weights to train",
        TwoOptimizers "E0622" "two optimizers of one weight",
        LayerWithoutOptimizer "E0623" "layer without an optimizer",
        UnknownSchedule "E0624" "unknown schedule of learning rates",
        MetricNamedTwice "E0625" "two metrics of one name",

        ConstantTwice "E0701" "constant defined twice",
        ConstantCycle "E0702" "constant that depends on itself",
        ConstantTooLong "E0703" "constant too long",
        ValueNotKnown "E0704" "value that the macro does not know",

        IncompleteFunction "E0801" "incomplete function",
        TypedFunction "E0802" "types in a function",
        NoResult "E0803" "function without a result",
        ReservedFunctionName "E0804" "function named as a word of the language",
        FunctionTwice "E0805" "function defined twice",
        ParameterTwice "E0806" "two parameters of one name",
        RecursiveFunction "E0807" "function that calls itself",
        ExpansionTooLarge "E0808" "expansion too large",
        BoundOutside "E0809" "tensor that is bound outside of the function",
        FunctionAsTensor "E0810" "function or value in place of a tensor",

        InvalidUse "E0811" "invalid `use`",
        ModelOfItself "E0812" "model that is a layer of itself",
        ModelTwice "E0813" "two models of one name",
        ModelNotMade "E0815" "model that is not made before it is called",
        NestedInputShape "E0816" "tensor that does not fit the input of a nested model",
        ModelInSettings "E0817" "model among the settings of a layer",
        OnlyFunctions "E0818" "statement that does not belong in `functions!`",
        ConstantOfRust "E0819" "constant of Rust in `functions!`",

        IncompleteLoop "E0831" "incomplete loop",
        LoopValues "E0832" "loop over something that is not a list",
        LoopLength "E0833" "loop whose length is not known",
        LoopPattern "E0834" "names that do not fit what a loop goes over",
        OnlyInBlock "E0835" "statement that belongs to the block",
        NoTensorOfRound "E0836" "loop of a list whose iterations produce no tensor",
        ListOfLists "E0837" "list of lists",
        ListIndex "E0838" "index that a list of tensors does not have",
        NoTensorOfBranch "E0839" "switch without a tensor for training or for inference",
        IncompleteIf "E0840" "incomplete `if`",
        NotACondition "E0841" "condition that is neither true nor false",
        ConditionNotKnown "E0842" "condition that is not known while the macro runs",
    }
    lints {
        AccuracyOfLabels "accuracy_of_labels" "accuracy that does not count every label",
        AccuracyOfLogits "accuracy_of_logits" "accuracy with the threshold of probabilities on logits",
        AccuracyOfNumbers "accuracy_of_numbers" "accuracy of predicted numbers",
        ConstantMetric "constant_metric" "metric that does not depend on the predictions",
        DropoutAfterHead "dropout_after_head" "dropout or noise behind the last layer of an output",
        EmptyLoop "empty_loop" "loop without rounds",
        LargeFlatten "large_flatten" "flattened image that holds most of the weights",
        LargeLearningRate "large_learning_rate" "learning rate above 1",
        LostMask "lost_mask" "layer that reads steps that do not count",
        MetricOfLogits "metric_of_logits" "metric that takes logits for probabilities, or the reverse",
        NegativeLossWeight "negative_loss_weight" "loss with a negative weight",
        NegativePredictions "negative_predictions" "loss of positive numbers on predictions that can be negative",
        NormalizationOfOneValue "normalization_of_one_value" "normalization of each value by itself",
        NothingTrained "nothing_trained" "training of a model without weights that are trained",
        SettingWithoutEffect "setting_without_effect" "setting that has no effect beside another",
        UnknownLint "unknown_lint" "unknown lint",
        UnusedFunction "unused_function" "function that is never called",
        UnusedLayer "unused_layer" "layer that is never called",
        UnusedModel "unused_model" "model that is brought in and never used",
        UnusedTensor "unused_tensor" "tensor that is never used",
        WeightWithBatchAxis "weight_with_batch_axis" "`Weight` whose first axis is that of a batch",
        WeightWithoutLoss "weight_without_loss" "weight of a loss that is not there",
        ZeroLossWeight "zero_loss_weight" "loss with the weight 0",
    }
}

impl Code {
    /// The lint or error of this name, written without `mimo::`.
    pub fn named(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.name() == name)
    }

    /// The names of all lints, without `mimo::`.
    pub fn lints() -> impl Iterator<Item = &'static str> {
        Code::ALL.iter().filter(|code| code.is_lint()).map(|code| code.name())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mimo::{}", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_in_order_and_errors_have_numbers() {
        for pair in Code::ALL.windows(2) {
            assert!(pair[0].name() < pair[1].name(), "{} stands before {}", pair[0], pair[1]);
        }
        for code in Code::ALL {
            let number = code.name().strip_prefix('E').is_some_and(|number| number.parse::<u16>().is_ok());
            assert_eq!(number, !code.is_lint(), "{code}");
            assert!(!code.title().is_empty() && !code.title().ends_with('.'), "{code}");
            assert_eq!(Code::named(code.name()), Some(*code));
        }
    }

    #[test]
    fn a_code_is_shown_as_a_path() {
        assert_eq!(Code::UnknownLayer.to_string(), "mimo::E0201");
        assert_eq!(Code::UnusedTensor.to_string(), "mimo::unused_tensor");
        assert_eq!(Code::named("unused"), None);
        assert!(Code::lints().all(|name| Code::named(name).is_some_and(Code::is_lint)));
    }
}
