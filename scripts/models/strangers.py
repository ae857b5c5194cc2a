#!/usr/bin/env python3
"""Exports networks that nothing here was made for, with random weights, as ONNX: timm's of many families, and small forms of
transformers' text, speech and picture models.

    strangers.py FOLDER [NAME...]      default all; what is there already is left alone

What PyTorch cannot export is told and left out.
"""
import logging
import os
import sys
import warnings

import timm
import torch
import transformers
from torch import nn

PICTURES = {  # timm's name: side of its pictures
    224: "convnextv2_atto dla34 davit_tiny deit_tiny_patch16_224 dpn48b ecaresnet26t edgenext_xx_small efficientformer_l1 efficientnet_es "
         "efficientvit_b0 efficientvit_m0 ese_vovnet19b_dw eva02_tiny_patch14_224 focalnet_tiny_srf gcvit_xxtiny gernet_s ghostnet_100 "
         "ghostnetv2_100 gmlp_ti16_224 hardcorenas_a hrnet_w18_small inception_next_tiny lcnet_050 levit_128s mambaout_femto "
         "mixer_s32_224 mobilenetv4_conv_small mobilenetv4_hybrid_medium mobileone_s0 mvitv2_tiny nf_resnet26 pit_ti_224 poolformer_s12 "
         "pvt_v2_b0 regnetz_b16 repghostnet_050 repvgg_a0 repvit_m1 res2net50_14w_8s resmlp_12_224 resnest14d resnetv2_50x1_bit "
         "rexnet_100 selecsls42b sequencer2d_s shvit_s1 skresnet18 starnet_s1 swiftformer_xs swinv2_cr_tiny_ns_224 tiny_vit_5m_224 "
         "twins_pcpvt_small vgg11_bn visformer_tiny volo_d1_224 xcit_nano_12_p16_224",
    256: "botnet26t_256 cspdarknet53 fastvit_t8 halonet26t lambda_resnet26t maxvit_nano_rw_256 mobilevit_xs mobilevitv2_050 "
         "swinv2_tiny_window8_256",
}

SMALL = dict(vocab_size=500, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128)
TEXTS = {  # model, configuration, what it has beside SMALL
    "bert": ("BertModel", "BertConfig", {}),
    "roberta": ("RobertaModel", "RobertaConfig", {}),
    "albert": ("AlbertModel", "AlbertConfig", {"embedding_size": 32}),
    "mpnet": ("MPNetModel", "MPNetConfig", {}),
    "convbert": ("ConvBertModel", "ConvBertConfig", {}),
    "deberta": ("DebertaV2Model", "DebertaV2Config", {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_biased_input": False}),
    "nystromformer": ("NystromformerModel", "NystromformerConfig", {}),
    "bigbird": ("BigBirdModel", "BigBirdConfig", {}),
    "cliptext": ("CLIPTextModel", "CLIPTextConfig", {}),
    "llama": ("LlamaForCausalLM", "LlamaConfig", {"num_key_value_heads": 2}),
    "qwen3": ("Qwen3ForCausalLM", "Qwen3Config", {"num_key_value_heads": 2, "head_dim": 16}),
    "gemma": ("GemmaForCausalLM", "GemmaConfig", {"num_key_value_heads": 2, "head_dim": 16}),
    "mistral": ("MistralForCausalLM", "MistralConfig", {"num_key_value_heads": 2}),
    "gptneox": ("GPTNeoXForCausalLM", "GPTNeoXConfig", {}),
}
SIGHT = dict(hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128, image_size=64, patch_size=16)
OTHERS = {  # model, configuration, its settings, shape of its input
    "beit": ("BeitForImageClassification", "BeitConfig", dict(SIGHT, use_relative_position_bias=True), (1, 3, 64, 64)),
    "clipvision": ("CLIPVisionModel", "CLIPVisionConfig", SIGHT, (1, 3, 64, 64)),
    "siglip": ("SiglipVisionModel", "SiglipVisionConfig", SIGHT, (1, 3, 64, 64)),
    "vit": ("ViTModel", "ViTConfig", SIGHT, (1, 3, 64, 64)),
    "timesformer": ("TimesformerModel", "TimesformerConfig", dict(SIGHT, num_frames=4), (1, 4, 3, 64, 64)),
    "segformer": ("SegformerForSemanticSegmentation", "SegformerConfig", {}, (1, 3, 128, 128)),
    "swin2sr": ("Swin2SRForImageSuperResolution", "Swin2SRConfig", dict(embed_dim=36, depths=[2, 2], num_heads=[2, 2], upscale=2), (1, 3, 64, 64)),
    "upernet": ("UperNetForSemanticSegmentation", "UperNetConfig", {}, (1, 3, 128, 128)),
    "ast": ("ASTModel", "ASTConfig", dict(SIGHT, max_length=128), (1, 128, 128)),
    "wav2vec2": ("Wav2Vec2Model", "Wav2Vec2Config", SMALL, (1, 8000)),
    "hubert": ("HubertModel", "HubertConfig", SMALL, (1, 8000)),
}


class Tensors(nn.Module):
    """A model of transformers that gives its first outputs as tensors."""

    def __init__(self, model, names):
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *inputs):
        # Only models that generate text know a cache.
        cache = {"use_cache": False} if "use_cache" in self.model.config.to_dict() else {}
        out = self.model(**dict(zip(self.names, inputs)), **cache, return_dict=True)
        return tuple(v for v in out.values() if torch.is_tensor(v))[:3]


def of_transformers(model, configuration, settings, names, inputs):
    config = getattr(transformers, configuration)(**settings)
    config._attn_implementation = "eager"
    return Tensors(getattr(transformers, model)(config), names), inputs, names


def text(model, configuration, more):
    mask = torch.ones(1, 32, dtype=torch.long)
    mask[:, 26:] = 0
    return of_transformers(model, configuration, SMALL | more, ["input_ids", "attention_mask"], (torch.randint(3, 500, (1, 32)), mask))


def other(model, configuration, settings, shape):
    name = "pixel_values" if len(shape) > 3 else "input_values"
    return of_transformers(model, configuration, settings, [name], (torch.randn(shape),))


def networks():
    made = {n: lambda n=n, side=side: (timm.create_model(n, pretrained=False), (torch.randn(1, 3, side, side),), ["input"])
            for side, names in PICTURES.items() for n in names.split()}
    made |= {n: lambda how=how: text(*how) for n, how in TEXTS.items()}
    return made | {n: lambda how=how: other(*how) for n, how in OTHERS.items()}


@torch.no_grad()
def export(path, make):
    torch.manual_seed(0)
    model, inputs, names = make()
    model.eval()
    for m in model.modules():
        if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.running_mean is not None:
            m.running_mean.normal_(0, 0.1)
            m.running_var.uniform_(0.5, 1.5)
    part = f"{path}.{os.getpid()}"
    torch.onnx.export(model, inputs, part, dynamo=True, input_names=names, external_data=False, verbose=False)
    os.replace(part, path)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    known = networks()
    folder, asked = sys.argv[1], sys.argv[2:] or list(known)
    unknown = [n for n in asked if n not in known]
    if unknown:
        sys.exit(f"unknown networks {' '.join(unknown)}: known are {' '.join(known)}")
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    os.makedirs(folder, exist_ok=True)
    for name in asked:
        path = os.path.join(folder, name + ".onnx")
        if os.path.exists(path):
            continue
        print("exporting", name, file=sys.stderr, flush=True)
        try:
            export(path, known[name])
        except Exception as e:  # the others are still wanted
            print(f"{name}: {type(e).__name__}: {str(e).splitlines()[0]}", file=sys.stderr)


if __name__ == "__main__":
    main()
