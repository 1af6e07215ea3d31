"""Models of PyTorch for from_onnx.py: what people export."""
from dataclasses import dataclass, field
from typing import Callable

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class Case:
    name: str
    make: Callable
    inputs: Callable
    exporters: tuple = ("old", "new")
    input_names: list = field(default_factory=list)
    batch_axis: int = 0
    fixed: bool = False


def seeded(shapes, whole=None):
    """Inputs of `count` samples; `whole` has the number of classes of those that are integers."""

    def make(count):
        generator = torch.Generator().manual_seed(3)
        made = []
        for at, shape in enumerate(shapes):
            limit = (whole or {}).get(at)
            if limit:
                made.append(torch.randint(0, limit, [count, *shape], generator=generator))
            else:
                made.append(torch.randn([count, *shape], generator=generator))
        return made

    return make


class Function(nn.Module):
    """Layers by name, and a function that calls them."""

    def __init__(self, function, **layers):
        super().__init__()
        self.function = function
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, *x):
        return self.function(self, *x)


def conv(inputs, outputs, size, **settings):
    return nn.Sequential(nn.Conv2d(inputs, outputs, size, bias=False, **settings), nn.BatchNorm2d(outputs), nn.ReLU())


class Basic(nn.Module):
    """The block of ResNet-18."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride > 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        widths = [width, width, width * 2, width * 4]
        for at, (inputs, outputs) in enumerate(zip(widths, [*widths[1:], width * 8])):
            blocks = [Basic(inputs, outputs, 1 if at == 0 else 2), Basic(outputs, outputs, 1)]
            setattr(self, f"layer{at + 1}", nn.Sequential(*blocks))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(width * 8, 10)

    def forward(self, x):
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class Inverted(nn.Module):
    """The block of MobileNetV2, with squeeze and excitation."""

    def __init__(self, width, expanded, stride):
        super().__init__()
        self.expand = conv(width, expanded, 1)
        self.depth = nn.Sequential(
            nn.Conv2d(expanded, expanded, 3, stride, 1, groups=expanded, bias=False), nn.BatchNorm2d(expanded), nn.ReLU6()
        )
        self.squeeze = nn.Conv2d(expanded, 4, 1)
        self.excite = nn.Conv2d(4, expanded, 1)
        self.project = nn.Sequential(nn.Conv2d(expanded, width, 1, bias=False), nn.BatchNorm2d(width))
        self.is_residual = stride == 1

    def forward(self, x):
        y = self.depth(self.expand(x))
        scale = torch.sigmoid(self.excite(F.silu(self.squeeze(F.adaptive_avg_pool2d(y, 1)))))
        y = self.project(y * scale)
        return x + y if self.is_residual else y


class Attention(nn.Module):
    """Attention as people write it."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.width = heads, width
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = self.qkv(x).reshape(b, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        scores = (q @ k.transpose(-2, -1)) * (c // self.heads) ** -0.5
        return self.proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(b, t, c))


class VisionTransformer(nn.Module):
    def __init__(self, width=12):
        super().__init__()
        self.patch_embed = nn.Conv2d(3, width, 4, 4)
        self.cls_token = nn.Parameter(torch.randn(1, 1, width))
        self.pos_embed = nn.Parameter(torch.randn(1, 17, width))
        self.blocks = nn.ModuleList(
            nn.ModuleDict({
                "norm1": nn.LayerNorm(width), "attn": Attention(width, 3),
                "norm2": nn.LayerNorm(width), "fc1": nn.Linear(width, 24), "fc2": nn.Linear(24, width),
            })
            for _ in range(2)
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 5)

    def forward(self, x):
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], 1) + self.pos_embed
        for block in self.blocks:
            x = x + block["attn"](block["norm1"](x))
            x = x + block["fc2"](F.gelu(block["fc1"](block["norm2"](x))))
        return self.head(self.norm(x)[:, 0])


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down1, self.down2, self.middle = conv(1, 4, 3, padding=1), conv(4, 8, 3, padding=1), conv(8, 16, 3, padding=1)
        self.up2, self.up1 = nn.ConvTranspose2d(16, 8, 2, 2), nn.ConvTranspose2d(8, 4, 2, 2)
        self.join2, self.join1 = conv(16, 8, 3, padding=1), conv(8, 4, 3, padding=1)
        self.out = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(F.max_pool2d(a, 2))
        x = self.up2(self.middle(F.max_pool2d(b, 2)))
        x = self.join2(torch.cat([x, b], 1))
        return self.out(self.join1(torch.cat([self.up1(x), a], 1)))


class RmsNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(width) + 0.5)

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.weight


def image(size=8, channels=3):
    return seeded([[channels, size, size]])


def case(name, function, inputs, exporters=("old", "new"), fixed=False, batch_axis=0, **layers):
    return Case(name, lambda: Function(function, **{key: make() for key, make in layers.items()}), inputs, exporters, [], batch_axis, fixed)


def one(name, make, inputs, exporters=("old", "new"), **settings):
    return Case(name, make, inputs, exporters, **settings)


L, C = nn.Linear, nn.Conv2d
rows = seeded([[6]])
steps = seeded([[7, 5]])
words = seeded([[6]], {0: 20})

CASES = [
    one("mlp", lambda: nn.Sequential(L(6, 16), nn.ReLU(), nn.Dropout(), L(16, 8), nn.Tanh(), L(8, 3), nn.Softmax(-1)), rows, ("old", "new", "fixed")),
    one("activations", lambda: nn.Sequential(
        L(6, 6), nn.LeakyReLU(0.1), L(6, 6), nn.ELU(0.7), L(6, 6), nn.SELU(), L(6, 6), nn.Sigmoid(), L(6, 6), nn.Hardsigmoid(),
        L(6, 6), nn.Softplus(), L(6, 6), nn.Softsign(), L(6, 6), nn.GELU(), L(6, 6), nn.GELU(approximate="tanh"), L(6, 6),
        nn.Hardswish(), L(6, 6), nn.ReLU6(), L(6, 6), nn.Mish(), L(6, 6), nn.SiLU(), L(6, 6), nn.CELU(0.5), L(6, 6), nn.LogSoftmax(1),
    ), rows),
    one("more_activations", lambda: nn.Sequential(
        L(6, 6), nn.Hardtanh(), L(6, 6), nn.Hardtanh(-0.5, 2.0), L(6, 6), nn.PReLU(), L(6, 6), nn.PReLU(6), L(6, 6), nn.Threshold(0.1, 0.0),
        L(6, 6), nn.LogSigmoid(), L(6, 6), nn.Tanhshrink(),
    ), rows, ("new",)),
    one("cnn", lambda: nn.Sequential(
        C(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), C(8, 6, 3), nn.LeakyReLU(), nn.AvgPool2d(2), nn.Flatten(), L(6, 4),
    ), image(), ("old", "new", "fixed")),
    one("flatten", lambda: nn.Sequential(C(3, 5, 3), nn.ReLU(), nn.Flatten(), L(5 * 36, 7), nn.ReLU(), L(7, 2)), image(), ("old", "new", "fixed")),
    case("views", lambda m, x: m.b(m.a(x).view(x.size(0), -1)), image(), a=lambda: C(3, 4, 3), b=lambda: L(144, 3)),
    one("strides", lambda: nn.Sequential(
        C(3, 4, 3, 2, 1), nn.ELU(), C(4, 4, 5, 2, 2), nn.Tanh(), C(4, 6, (3, 1), padding=(1, 0), dilation=(1, 1)), nn.ReLU(), C(6, 4, 3, padding=2, dilation=2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), L(4, 2),
    ), image(17)),
    one("grouped", lambda: nn.Sequential(C(4, 8, 3, padding=1, groups=2), nn.ReLU(), C(8, 16, 3, groups=8), nn.ReLU(), C(16, 3, 1)), image(9, 4)),
    one("resnet", ResNet, image(32)),
    case("mobile", lambda m, x: m.head(m.b(m.a(m.stem(x))).mean([2, 3])), image(16), stem=lambda: conv(3, 6, 3, stride=2, padding=1),
         a=lambda: Inverted(6, 12, 1), b=lambda: Inverted(6, 12, 2), head=lambda: L(6, 4)),
    one("pools", lambda: nn.Sequential(
        C(3, 4, 3), nn.MaxPool2d(3, 2, 1), C(4, 4, 1), nn.AvgPool2d(3, 1, 1), nn.MaxPool2d(2, 2, ceil_mode=True), nn.AvgPool2d(2, 1, count_include_pad=False),
        nn.AdaptiveMaxPool2d(1), nn.Flatten(), L(4, 2),
    ), image(17), ("old", "new")),
    one("unet", UNet, image(16, 1)),
    one("transposed", lambda: nn.Sequential(nn.ConvTranspose2d(3, 4, 3, 2, 1, 1), nn.ReLU(), nn.ConvTranspose2d(4, 2, 4, 2, 1), nn.Sigmoid(), nn.ConvTranspose2d(2, 3, 3)), image(5)),
    one("upsampled", lambda: nn.Sequential(C(3, 4, 3, padding=1), nn.Upsample(scale_factor=2), nn.ReLU(), nn.Upsample(scale_factor=2, mode="bilinear"), C(4, 1, 1)), image(4)),
    one("padded", lambda: nn.Sequential(nn.ZeroPad2d((1, 2, 0, 1)), C(3, 4, 3), nn.ReLU(), nn.ConstantPad2d(1, 0.0), C(4, 2, 2)), image()),
    one("conv1d", lambda: nn.Sequential(nn.Conv1d(5, 8, 3, padding=1), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(8, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), L(4, 2)), seeded([[5, 20]])),
    case("steps_conv1d", lambda m, x: m.b(F.relu(m.a(x.transpose(1, 2))).transpose(1, 2)), seeded([[20, 5]]), a=lambda: nn.Conv1d(5, 8, 3, padding=1), b=lambda: L(8, 2)),
    case("causal", lambda m, x: m.b(F.relu(m.a(F.pad(x, (4, 0))))), seeded([[3, 12]]), a=lambda: nn.Conv1d(3, 6, 3, dilation=2), b=lambda: nn.Conv1d(6, 2, 1)),
    one("batchnorm1d", lambda: nn.Sequential(L(6, 8), nn.BatchNorm1d(8), nn.ReLU(), L(8, 3)), rows),
    one("layernorm_gelu", lambda: nn.Sequential(nn.LayerNorm(6), L(6, 12), nn.GELU(), nn.LayerNorm(12), L(12, 3)), rows),
    one("norms", lambda: nn.Sequential(C(3, 8, 3), nn.GroupNorm(4, 8), nn.ReLU(), nn.InstanceNorm2d(8, affine=True), C(8, 2, 1)), image()),
    case("layernorm_images", lambda m, x: m.b(m.norm(m.a(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)), image(), a=lambda: C(3, 4, 3), norm=lambda: nn.LayerNorm(4), b=lambda: C(4, 2, 1)),
    case("layernorm_own", lambda m, x: m.fc((m.a(x) - m.a(x).mean(-1, keepdim=True)) / torch.sqrt(((m.a(x) - m.a(x).mean(-1, keepdim=True)) ** 2).mean(-1, keepdim=True) + 1e-5) * m.fc.weight[0]), rows, ("old", "new"), a=lambda: L(6, 5), fc=lambda: L(5, 5)),
    case("rms", lambda m, x: m.b(m.norm(m.a(x))), rows, a=lambda: L(6, 8), norm=lambda: RmsNorm(8), b=lambda: L(8, 3)),
    case("lstm", lambda m, x: m.fc(m.rnn(x)[0][:, -1]), steps, ("old", "new", "fixed"), rnn=lambda: nn.LSTM(5, 8, batch_first=True), fc=lambda: L(8, 3)),
    case("lstm_state", lambda m, x: m.fc(m.rnn(x)[1][0][-1]), steps, rnn=lambda: nn.LSTM(5, 8, batch_first=True), fc=lambda: L(8, 3)),
    case("lstm_all", lambda m, x: m.rnn(x)[0], steps, rnn=lambda: nn.LSTM(5, 4, batch_first=True, num_layers=2)),
    case("lstm_both", lambda m, x: m.fc(m.rnn(x)[0].mean(1)), steps, rnn=lambda: nn.LSTM(5, 4, batch_first=True, bidirectional=True), fc=lambda: L(8, 3)),
    case("lstm_both_states", lambda m, x: m.fc(torch.cat([m.rnn(x)[1][0][-2], m.rnn(x)[1][0][-1]], 1)), steps, rnn=lambda: nn.LSTM(5, 4, batch_first=True, bidirectional=True, num_layers=2), fc=lambda: L(8, 3)),
    case("lstm_steps_first", lambda m, x: m.fc(m.rnn(x)[0]), lambda count: [torch.randn(7, count, 5, generator=torch.Generator().manual_seed(1))], batch_axis=1, rnn=lambda: nn.LSTM(5, 8), fc=lambda: L(8, 3)),
    case("lstm_given", lambda m, x, h, c: m.rnn(x, (h.unsqueeze(0), c.unsqueeze(0)))[0], seeded([[7, 5], [4], [4]]), rnn=lambda: nn.LSTM(5, 4, batch_first=True)),
    case("lstm_none_bias", lambda m, x: m.rnn(x)[0], steps, rnn=lambda: nn.LSTM(5, 4, batch_first=True, bias=False)),
    case("gru", lambda m, x: m.fc(m.rnn(x)[0][:, -1]), steps, rnn=lambda: nn.GRU(5, 8, batch_first=True), fc=lambda: L(8, 3)),
    case("gru_both", lambda m, x: m.fc(m.rnn(x)[0]), steps, rnn=lambda: nn.GRU(5, 4, batch_first=True, bidirectional=True, num_layers=2), fc=lambda: L(8, 3)),
    case("gru_states", lambda m, x: m.rnn(x)[1].permute(1, 0, 2).flatten(1), steps, rnn=lambda: nn.GRU(5, 4, batch_first=True, bidirectional=True)),
    case("rnn", lambda m, x: m.fc(m.rnn(x)[0][:, -1]), steps, rnn=lambda: nn.RNN(5, 8, batch_first=True), fc=lambda: L(8, 3)),
    case("rnn_relu", lambda m, x: m.rnn(x)[0], steps, rnn=lambda: nn.RNN(5, 4, batch_first=True, nonlinearity="relu")),
    case("cnn_lstm", lambda m, x: m.fc(m.rnn(F.relu(m.conv(x)).permute(0, 3, 1, 2).flatten(2))[0][:, -1]), seeded([[1, 8, 10]]), conv=lambda: C(1, 4, 3), rnn=lambda: nn.LSTM(24, 5, batch_first=True), fc=lambda: L(5, 2)),
    case("words", lambda m, x: m.fc(m.embed(x).mean(1)), words, embed=lambda: nn.Embedding(20, 8), fc=lambda: L(8, 3)),
    case("words_gru", lambda m, x: m.fc(m.rnn(m.embed(x))[0][:, -1]), words, ("old", "new", "fixed"), embed=lambda: nn.Embedding(20, 8), rnn=lambda: nn.GRU(8, 6, batch_first=True), fc=lambda: L(6, 2)),
    case("words_conv", lambda m, x: m.fc(torch.cat([F.relu(c(m.embed(x).transpose(1, 2))).amax(2) for c in (m.a, m.b)], 1)), words, embed=lambda: nn.Embedding(20, 8), a=lambda: nn.Conv1d(8, 4, 2), b=lambda: nn.Conv1d(8, 4, 3), fc=lambda: L(8, 2)),
    case("two_inputs", lambda m, x, t: m.out(F.relu(torch.cat([m.conv(x).flatten(1), m.fc(t)], 1))), seeded([[3, 6, 6], [5]]), conv=lambda: C(3, 2, 3), fc=lambda: L(5, 4), out=lambda: L(36, 3)),
    case("two_outputs", lambda m, x: (m.kind(F.relu(m.fc(x))).softmax(1), torch.sigmoid(m.risk(F.relu(m.fc(x))))), rows, fc=lambda: L(6, 8), kind=lambda: L(8, 3), risk=lambda: L(8, 1)),
    case("shared", lambda m, x, y: torch.sigmoid(m.out((m.encode(x) - m.encode(y)).abs())), seeded([[6], [6]]), encode=lambda: nn.Sequential(L(6, 8), nn.ReLU(), L(8, 4)), out=lambda: L(4, 1)),
    case("expressions", lambda m, x: m.fc((x - 0.5) / 0.25 * torch.exp(-x) + x ** 2 - 1.0 / (1.0 + x.abs())) * 2 + torch.maximum(m.fc(x), m.fc(-x)), rows, fc=lambda: L(6, 3)),
    case("scaled_image", lambda m, x: m.conv((x - m.mean) / m.std), image(), mean=lambda: nn.Parameter(torch.rand(1, 3, 1, 1)), std=lambda: nn.Parameter(torch.rand(1, 3, 1, 1) + 0.5), conv=lambda: C(3, 2, 3)),
    case("attention", lambda m, x: m.a(x), seeded([[6, 8]]), ("old", "new", "fixed"), a=lambda: Attention(8, 2)),
    case("multihead", lambda m, x: m.a(x, x, x, need_weights=False)[0], seeded([[6, 8]]), ("old", "new", "fixed"), a=lambda: nn.MultiheadAttention(8, 2, batch_first=True)),
    one("encoder", lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2, enable_nested_tensor=False), seeded([[5, 8]])),
    one("vit", VisionTransformer, image(16)),
    one("pixelshuffle", lambda: nn.Sequential(C(3, 8, 3, padding=1), nn.PixelShuffle(2), nn.ReLU(), C(2, 1, 1)), image(4)),
    case("channel_shuffle", lambda m, x: m.b(m.a(x).view(-1, 2, 3, 6, 6).transpose(1, 2).reshape(-1, 6, 6, 6)), image(), a=lambda: C(3, 6, 3), b=lambda: C(6, 2, 1)),
    case("slices", lambda m, x: m.fc(torch.cat([x[:, :2], x[:, 3:]], 1)) * torch.chunk(m.gate(x), 2, 1)[0], rows, fc=lambda: L(5, 3), gate=lambda: L(6, 6)),
    case("glu", lambda m, x: F.glu(m.fc(x), -1), rows, fc=lambda: L(6, 8)),
    case("reductions", lambda m, x: torch.cat([m.c(x).sum([2, 3]), m.c(x).amax([2, 3]), m.c(x).mean(1).flatten(1), m.c(x).norm(dim=3).flatten(1)], 1), image(6), c=lambda: C(3, 2, 3)),
    case("squeezed", lambda m, x: m.fc(x).squeeze(1), rows, fc=lambda: L(6, 1)),
    case("image_out", lambda m, x: torch.sigmoid(m.c(x)), image(), c=lambda: C(3, 1, 3, padding=1)),
    case("class_per_pixel", lambda m, x: m.c(x).softmax(1), image(), c=lambda: C(3, 4, 3, padding=1)),
]
